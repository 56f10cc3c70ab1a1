import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logText } from '../../../src/agent/kubelet-api/log-text.ts';
import type { LogLine } from '../../../src/agent/logs/log-line.ts';

async function text(lines: readonly LogLine[], options: Partial<Parameters<typeof logText>[1]> = {}): Promise<string> {
  async function* all() {
    yield* lines;
  }
  const parts: string[] = [];
  for await (const part of logText(all(), { timestamps: false, ...options })) parts.push(part);
  return parts.join('');
}

test('gives lines as they are, and with their times to the nanosecond', async () => {
  assert.equal(await text([{ text: 'one' }, { text: '' }]), 'one\n\n');
  const times = ['2026-01-01T00:00:00.5Z', '2026-01-01T00:00:00.123456789+01:00', '2026-01-01T00:00:00Z'];
  assert.equal(
    await text(
      times.map((time) => ({ text: 'x', time })),
      { timestamps: true },
    ),
    '2026-01-01T00:00:00.500000000Z x\n2026-01-01T00:00:00.123456789+01:00 x\n2026-01-01T00:00:00.000000000Z x\n',
  );
  assert.equal(await text([{ text: 'no time' }], { timestamps: true }), 'no time\n');
});

test('gives no more bytes than allowed, and no half characters', async () => {
  assert.equal(await text([{ text: 'abc' }, { text: 'def' }], { limitBytes: 6 }), 'abc\nde');
  assert.equal(await text([{ text: 'abc' }, { text: 'def' }], { limitBytes: 4 }), 'abc\n');
  assert.equal(await text([{ text: 'aä' }], { limitBytes: 2 }), 'a');
});
