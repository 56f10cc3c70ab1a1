import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonicalQuantity, milliValue, parseQuantity, wholeValue } from '../../src/kube/quantity.ts';

describe('quantities', () => {
  const canonical: readonly (readonly [string | number, string])[] = [
    ['250m', '250m'],
    ['0.5', '500m'],
    [0.25, '250m'],
    ['1.5', '1500m'],
    ['1000', '1k'],
    ['1500', '1500'],
    ['100Mi', '100Mi'],
    ['1024Mi', '1Gi'],
    ['0.5Gi', '512Mi'],
    ['1.1Ki', '1127'],
    ['512', '512'],
    ['0.5Ki', '512'],
    ['1e3', '1e3'],
    ['1500e3', '1500e3'],
    ['1E', '1E'],
    ['128974848', '128974848'],
    ['-1k', '-1k'],
    ['+2', '2'],
    ['0', '0'],
    ['0Gi', '0'],
    ['.5', '500m'],
    ['5.', '5'],
    ['0.1n', '1n'],
  ];
  for (const [given, expected] of canonical) {
    test(`writes ${given} as Kubernetes does: ${expected}`, () => assert.equal(canonicalQuantity(given), expected));
  }

  for (const wrong of ['', '1 Gi', '1gi', '1MB', 'abc', '--1', '1.2.3', '.', '1e', '1e99', 'NaN']) {
    test(`takes "${wrong}" for no quantity`, () => assert.equal(parseQuantity(wrong), undefined));
  }

  test('gives CPU in thousandths, rounded up', () => {
    assert.equal(milliValue('250m'), 250);
    assert.equal(milliValue('2'), 2000);
    assert.equal(milliValue('100u'), 1);
    assert.equal(milliValue('x'), undefined);
  });

  test('gives memory in bytes, rounded up', () => {
    assert.equal(wholeValue('1.5Gi'), 1_610_612_736);
    assert.equal(wholeValue('1500m'), 2);
    assert.equal(wholeValue('1Ei'), 2 ** 60);
  });
});
