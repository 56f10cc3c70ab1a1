import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import { LogWriter } from '../../src/cli/log-writer.ts';
import { logChoice } from '../../src/cli/status/log-options.ts';
import { aCliContext } from '../fakes/cli-context.ts';

const line = { text: 'hällo', atMs: Date.UTC(2026, 0, 1), stream: 'stdout' } as const;

function written(options: Readonly<Record<string, unknown>>, form: 'text' | 'json' | 'ndjson' = 'text') {
  const cli = aCliContext();
  const choice = logChoice(options, 0);
  const writer = new LogWriter(cli.stdout, { container: 'app', pod: 'web-node1', form, choice });
  const more = [line, line].map((each) => writer.write(each));
  return { out: cli.out(), more, documents: writer.documents };
}

test('a line is shown as it is, or with its time and where it comes from', () => {
  assert.equal(written({}).out, 'hällo\nhällo\n');
  assert.match(written({ timestamps: true }).out, /^2026-01-01T00:00:00\.000Z hällo\n/);
  assert.match(written({ prefix: true }).out, /^\[pod\/web-node1\/app\] hällo\n/);
});

test('no more bytes are shown than allowed', () => {
  const { out, more } = written({ limitBytes: '9' });
  assert.equal(out, 'hällo\nh');
  assert.deepEqual(more, [true, false]);
});

test('ndjson is a document a line, json gathers them', () => {
  const document = { time: '2026-01-01T00:00:00.000Z', stream: 'stdout', text: 'hällo' };
  assert.deepEqual(JSON.parse(written({}, 'ndjson').out.split('\n')[0] ?? ''), document);
  assert.deepEqual(written({}, 'json').documents, [document, document]);
});

test('what is wrong in the options is wrong usage', () => {
  const wrong = [
    { tail: 'many' },
    { limitBytes: '1k' },
    { since: '5m', sinceTime: '2026-01-01T00:00:00Z' },
    { sinceTime: 'yesterday' },
    { container: 'app', allContainers: true },
  ];
  for (const options of wrong) assert.throws(() => logChoice(options, 0), UsageError, JSON.stringify(options));
  assert.equal(logChoice({ tail: '-1' }, 0).tail, undefined);
  assert.equal(logChoice({ sinceTime: '2026-01-01T00:00:00Z' }, 0).sinceMs, Date.UTC(2026, 0, 1));
  assert.equal(logChoice({ since: '1m' }, 90_000).sinceMs, 30_000);
});
