import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withExtraArgs } from '../../src/manifests/extra-args.ts';

const arg = (name: string, value: string) => ({ name, value });

describe('extraArgs', () => {
  test('come after the defaults, which are sorted by name', () => {
    assert.deepEqual(withExtraArgs(['x', '--b=1', '--a-b=2', '--a=3'], [arg('c', '1'), arg('0', '2')]), [
      'x',
      '--a=3',
      '--a-b=2',
      '--b=1',
      '--c=1',
      '--0=2',
    ]);
  });

  test('replace all defaults of their name, and may be given more than once', () => {
    assert.deepEqual(withExtraArgs(['x', '--a=1', '--a=2', '--b=1'], [arg('a', '3'), arg('a', '4')]), [
      'x',
      '--b=1',
      '--a=3',
      '--a=4',
    ]);
  });

  test('leave the order of a command with other arguments', () => {
    assert.deepEqual(withExtraArgs(['sh', '-c', 'exec x', '--b=1', '--a'], [arg('a', '')]), [
      'sh',
      '-c',
      'exec x',
      '--b=1',
      '--a=',
    ]);
  });
});
