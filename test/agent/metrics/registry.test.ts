import assert from 'node:assert/strict';
import test from 'node:test';
import { Counter, gauge, Histogram } from '../../../src/agent/metrics/families.ts';
import { exposition } from '../../../src/agent/metrics/registry.ts';
import { parsePrometheus, seriesValue } from '../../fakes/prometheus-text.ts';

test('counters, gauges and histograms are written as promtool wants them', () => {
  const counter = new Counter('looks_total', 'Looks\nby \\ kind.');
  counter.add({ kind: 'a "quoted" one\n' });
  counter.add({ kind: 'a "quoted" one\n' }, 2);
  const histogram = new Histogram('look_seconds', 'How long.', [0.1, 1]);
  histogram.observe({ kind: 'x' }, 0.1);
  histogram.observe({ kind: 'x' }, 0.5);
  histogram.observe({ kind: 'x' }, 7);
  const odd = gauge('odd', 'Odd values.', () => [{ value: Number.POSITIVE_INFINITY }]);
  const families = parsePrometheus(exposition([histogram, counter, odd, new Counter('never_total', 'Left out.')]));
  assert.deepEqual([...families.keys()], ['look_seconds', 'looks_total', 'odd']);
  assert.equal(seriesValue(families, 'looks_total', { kind: 'a "quoted" one\n' }), 3);
  assert.deepEqual(
    families.get('look_seconds')?.samples.map(({ value }) => value),
    [1, 2, 3, 7.6, 3],
  );
});

test('what is forgotten is told no more', () => {
  const counter = new Counter('looks_total', 'Looks.');
  counter.add({ pod: 'one', kind: 'x' });
  counter.add({ pod: 'one', kind: 'y' });
  counter.add({ pod: 'two', kind: 'x' });
  counter.forget({ pod: 'one' });
  assert.deepEqual(
    counter.samples().map(({ labels }) => labels.pod),
    ['two'],
  );
});

test('a clock that was set back makes no negative duration', () => {
  const histogram = new Histogram('look_seconds', 'How long.', [1]);
  histogram.observe({}, -5);
  assert.deepEqual(
    histogram.samples().map(({ value }) => value),
    [1, 1, 0, 1],
  );
});

test('the strict reader of the tests refuses what promtool refuses', () => {
  const head = '# HELP a_total A.\n# TYPE a_total counter\n';
  const refused = [
    'a_total 1\n',
    `${head}a_total{x="1",x="2"} 1\n`,
    `${head}a_total 1\na_total 2\n`,
    `${head}a_total one\n`,
    `${head}b_total 1\n`,
    `${head}a_total 1`,
    '# HELP a A.\n# TYPE a counter\na 1\n',
    '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_sum 1\nh_count 2\n',
    '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
  ];
  for (const text of refused) assert.throws(() => parsePrometheus(text), Error, text);
});
