import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createReport } from '../../src/cli/report.ts';
import { aCliContext, plainText } from '../fakes/cli-context.ts';

const item = { item: 'ca.crt', action: 'create', because: 'not there' };
const result = { text: 'done\n', document: { kind: 'InitResult' } };

function tell(report: ReturnType<typeof createReport>): void {
  report.phaseStarted('certs');
  report.item(item);
  report.warn('careful');
  report.phaseEnded('certs', { durationMs: 1500 });
  report.finish(result);
}

test('text: progress goes to stderr in columns, the result to stdout', () => {
  const context = aCliContext();
  tell(createReport(context, plainText));
  assert.equal(context.out(), 'done\n');
  assert.equal(context.err(), 'certs\n  ca.crt                        create   not there\n  warning: careful\n');
});

test('json: one document at the end, with all that happened', () => {
  const context = aCliContext();
  tell(createReport(context, { ...plainText, output: 'json' }));
  assert.deepEqual(JSON.parse(context.out()), {
    kind: 'InitResult',
    phases: [{ name: 'certs', items: [item], durationMs: 1500 }],
    warnings: ['careful'],
  });
});

test('ndjson: one event a line while it happens, and nothing else anywhere', () => {
  const context = aCliContext();
  tell(createReport(context, { ...plainText, output: 'ndjson' }));
  const events = context
    .out()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string });
  assert.deepEqual(
    events.map(({ event }) => event),
    ['phase-started', 'item', 'warning', 'phase-ended', 'result'],
  );
  assert.equal(context.err(), '');
});

test('ndjson tells a wait when it changes, not each time its seconds do', () => {
  const context = aCliContext();
  const report = createReport(context, { ...plainText, output: 'ndjson' });
  for (const what of ['etcd running 1.0 s', 'etcd running 1.1 s', 'etcd exited with 1']) report.waiting(what, 0);
  assert.equal(context.out().trimEnd().split('\n').length, 2);
});

test('on a terminal a wait is one line that is drawn over itself, cut to the width, gone before the next line', () => {
  const context = aCliContext({ terminal: true });
  const report = createReport(context, plainText);
  const since = context.clock.now();
  report.waiting('x'.repeat(200), since);
  assert.equal(context.err().replace('\r\u001b[2K', '').length, 59);
  report.item(item);
  const [, last = ''] = context.err().split('\r\u001b[2K').slice(-2);
  assert.match(last, /^ {2}ca\.crt .*\n$/);
});

test('without a terminal a wait is a plain line after 5 s and then every 10 s', async () => {
  const context = aCliContext();
  const report = createReport(context, plainText);
  const since = context.clock.now();
  for (let second = 0; second < 26; second++) {
    report.waiting('etcd running', since);
    await context.clock.advance(1000);
  }
  assert.deepEqual(context.err().trimEnd().split('\n'), [
    '  still waiting  5.0 s  etcd running',
    '  still waiting  15 s  etcd running',
    '  still waiting  25 s  etcd running',
  ]);
});

test('-v 1 says how long each phase took', () => {
  const context = aCliContext();
  tell(createReport(context, { ...plainText, verbosity: 1 }));
  assert.match(context.err(), /certs took 1.5 s/);
});

test('colours only on a terminal that wants them', () => {
  const coloured = aCliContext({ terminal: true });
  tell(createReport(coloured, { ...plainText, color: true }));
  assert.ok(coloured.err().includes('\u001b[32m'));
  const plain = aCliContext({ terminal: true });
  tell(createReport(plain, plainText));
  assert.ok(!plain.err().includes('\u001b['));
});
