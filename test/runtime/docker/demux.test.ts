import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { demux } from '../../../src/runtime/docker/demux.ts';
import { until } from '../../fakes/until.ts';

function framed(output: 1 | 2, text: string): Buffer {
  const head = Buffer.from([output, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(text.length, 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

const frames = Buffer.concat([framed(1, 'one'), framed(2, 'two'), framed(1, ''), framed(1, 'three')]);

test('takes two outputs apart, cut at any byte', async () => {
  for (let size = 1; size <= frames.length; size++) {
    const pieces = Array.from({ length: Math.ceil(frames.length / size) }, (_, index) =>
      frames.subarray(index * size, (index + 1) * size),
    );
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    await demux(Readable.from(pieces), { stdout, stderr });
    assert.deepEqual([String(stdout.read()), String(stderr.read())], ['onethree', 'two']);
  }
});

test('drops an output that nobody asked for', async () => {
  const stdout = new PassThrough();
  await demux(Readable.from([frames]), { stdout, stderr: undefined });
  assert.equal(String(stdout.read()), 'onethree');
});

test('reads no further than is taken, and goes on when nobody takes any more', async () => {
  let given = 0;
  const source = Readable.from(
    (function* () {
      for (; given < 100; given++) yield framed(1, 'x'.repeat(10_000));
    })(),
  );
  const stdout = new PassThrough({ highWaterMark: 16_384 });
  const done = demux(source, { stdout, stderr: undefined });
  await until(() => stdout.writableNeedDrain);
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(given < 60, `${given} were read`);
  stdout.destroy();
  await done;
  assert.equal(given, 100);
});
