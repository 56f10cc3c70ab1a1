import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { LogLineParser } from '../../../src/agent/logs/log-line.ts';
import { readLog } from '../../../src/agent/logs/read-log.ts';
import { copyAndTruncate } from '../../../src/host/log-file.ts';
import { readPart } from '../../../src/host/read-part.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { until } from '../../fakes/until.ts';

/** Follows a real log file; `look` lets the next look happen. */
function following(t: TestContext, path: string) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const seen: string[] = [];
  const read = (async () => {
    const options = { path, clock, signal: stop.signal, readPart, follow: async () => true };
    for await (const { text } of readLog(options)) seen.push(text);
  })();
  t.after(async () => {
    stop.abort();
    await read;
  });
  const shows = async (count: number) => {
    for (let turn = 0; turn < 50 && seen.length < count; turn++) await clock.advance(100);
    await until(() => seen.length >= count);
  };
  return { seen, shows };
}

function aLog(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'log-rotation-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, '0.log');
}

test('following a log that is copied and emptied loses no line and tells none twice', async (t) => {
  const path = aLog(t);
  writeFileSync(path, 'a\nb\n');
  const { seen, shows } = following(t, path);
  await shows(2);
  appendFileSync(path, 'c\nd\n');
  await copyAndTruncate(path, `${path}.1`);
  appendFileSync(path, 'e\n');
  await shows(5);
  assert.deepEqual(seen, ['a', 'b', 'c', 'd', 'e']);
});

test('following a log that is renamed, even twice between two looks, loses no line and tells none twice', async (t) => {
  const file = aLog(t);
  const link = `${file}.link`;
  writeFileSync(file, 'a\n');
  symlinkSync(file, link);
  const { seen, shows } = following(t, link);
  await shows(1);
  appendFileSync(file, 'b\n');
  renameSync(file, `${file}.2`);
  writeFileSync(`${file}.1`, 'c\n');
  writeFileSync(file, 'd\n');
  await shows(4);
  assert.deepEqual(seen, ['a', 'b', 'c', 'd']);
});

test('parts of lines of the two streams that come between each other are put together apart', () => {
  const parser = new LogLineParser();
  const entry = (log: string, stream: string) => JSON.stringify({ log, stream, time: '2026-01-01T00:00:01Z' });
  const parts = [entry('one ', 'stdout'), entry('bad ', 'stderr'), entry('line\n', 'stdout'), entry('end\n', 'stderr')];
  assert.deepEqual(
    parts.flatMap((part) => parser.parse(part)?.text ?? []),
    ['one line', 'bad end'],
  );
});

test('the last words of a program that ended without a newline are told too', async (t) => {
  const path = aLog(t);
  writeFileSync(path, JSON.stringify({ log: 'panic', stream: 'stderr', time: '2026-01-01T00:00:01Z' }));
  const options = { path, clock: new FakeClock(), signal: new AbortController().signal, readPart };
  const read = async (more: object) => {
    const texts: string[] = [];
    for await (const { text } of readLog({ ...options, ...more })) texts.push(text);
    return texts;
  };
  assert.deepEqual(await read({}), ['panic']);
  assert.deepEqual(await read({ tail: 1 }), ['panic']);
  assert.deepEqual(await read({ follow: async () => false }), ['panic']);
});
