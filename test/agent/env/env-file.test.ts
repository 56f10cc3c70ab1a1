import assert from 'node:assert/strict';
import test from 'node:test';
import { envFileValue } from '../../../src/agent/env/env-file.ts';

test('reads quoted values, over lines too, past comments and blank lines', () => {
  const text = "# comment\n\n  A='1'\nB='two\nlines' # why\nC='$(A)\"x'\n";
  assert.equal(envFileValue(text, 'A'), '1');
  assert.equal(envFileValue(text, 'B'), 'two\nlines');
  assert.equal(envFileValue(text, 'C'), '$(A)"x');
  assert.equal(envFileValue(text, 'D'), undefined);
});

test('takes the first of two, and nothing where a space follows the sign', () => {
  assert.equal(envFileValue("A='1'\nA='2'", 'A'), '1');
  assert.equal(envFileValue("A= 'x'\nB='2'", 'A'), undefined);
  assert.equal(envFileValue("A= 'x'\nB='2'", 'B'), '2');
});

test('refuses lines of another form, with their number', () => {
  for (const [text, why] of [
    ['A', /line 1: there is no '='/],
    ["B='1'\nA=x", /line 2: a value must be in single quotes/],
    ["A ='1'", /line 1: a name must stand right before/],
    ["A='1' 2", /line 1: there is something after/],
    ["A='1\n2", /line 1: the closing quote is missing/],
  ] as const) {
    assert.throws(() => envFileValue(text, 'A'), why);
  }
});
