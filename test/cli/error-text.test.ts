import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InterruptedError, OperationError, PreflightError, TimeoutError, UsageError } from '../../src/base/errors.ts';
import { errorDocument, errorText, exitCodeOf } from '../../src/cli/error-text.ts';
import { asMachineFault } from '../../src/cli/machine-faults.ts';
import { styleOf } from '../../src/cli/style.ts';

const text = (thrown: unknown, verbosity = 0) => errorText(thrown, { style: styleOf(false), verbosity });

test('every kind of error has its exit code', () => {
  const codes = [
    new OperationError(''),
    new PreflightError(''),
    new UsageError(''),
    new TimeoutError(''),
    new InterruptedError(''),
    new TypeError('x is undefined'),
  ].map(exitCodeOf);
  assert.deepEqual(codes, [1, 2, 3, 4, 130, 70]);
});

test('an error is read as message, all findings, and what to do next', () => {
  const findings = [
    { severity: 'error' as const, check: 'NumCPU', message: 'one CPU' },
    { severity: 'error' as const, file: 'a.yaml', line: 2, column: 3, path: 'x.y', message: 'wrong', hint: 'right' },
  ];
  assert.equal(
    text(new PreflightError('refused', { findings, hint: 'put it right' })),
    'error: refused\n  [ERROR NumCPU]: one CPU\n  a.yaml:2:3: error: x.y: wrong (right)\nnext: put it right\n',
  );
});

test("details are shown, such as a component's last lines", () => {
  assert.match(
    text(new OperationError('etcd does not run', { details: ['its last lines:'] })),
    /\n {2}its last lines:\n/,
  );
});

test('a bug says what to report, and shows its stack only from -v 1 on', () => {
  const bug = new TypeError('x is undefined');
  assert.match(text(bug), /^bug: x is undefined\n.*\nnext: please report it .*bootstrap version/s);
  assert.doesNotMatch(text(bug), /at .*error-text\.test/);
  assert.match(text(bug, 1), /at .*error-text\.test/);
});

test('programs get the same as a document', () => {
  assert.deepEqual(errorDocument(new OperationError('no', { hint: 'yes', details: ['d'] })), {
    message: 'no',
    exitCode: 1,
    hint: 'yes',
    details: ['d'],
  });
});

test('what the machine does to any program is no bug of ours', () => {
  const error = (code: string) => Object.assign(new Error(`${code}: it fails, write`), { code });
  assert.equal(
    text(asMachineFault(error('ENOSPC'))),
    'error: the disk is full: ENOSPC: it fails, write\nnext: free some space (df -h, df -i), then run the same command again: it goes on where it was\n',
  );
  const codes = ['ENOSPC', 'EROFS', 'EIO', 'EMFILE', 'EINVAL'].map((code) => exitCodeOf(asMachineFault(error(code))));
  assert.deepEqual(codes, [1, 1, 1, 1, 70]);
  const known = new PreflightError('known', { cause: error('ENOSPC') });
  assert.equal(asMachineFault(known), known);
});
