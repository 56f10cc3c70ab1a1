import assert from 'node:assert/strict';
import test from 'node:test';
import { lastLogLines } from '../../../src/agent/logs/last-lines.ts';
import type { LogLine } from '../../../src/agent/logs/log-line.ts';
import { type ReadLogOptions, readLog } from '../../../src/agent/logs/read-log.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

const docker = [
  '{"log":"one\\n","stream":"stdout","time":"2026-01-01T00:00:01.5Z"}',
  '{"log":"half ","stream":"stderr","time":"2026-01-01T00:00:02Z"}',
  '{"log":"done\\n","stream":"stderr","time":"2026-01-01T00:00:03Z"}',
  '',
].join('\n');
const cri = [
  '2026-01-01T00:00:01Z stdout F one',
  '2026-01-01T00:00:02Z stderr P half ',
  '2026-01-01T00:00:03Z stderr F done',
  '',
].join('\n');

function reading(content: { text: string; inode?: number }, change: Partial<ReadLogOptions> = {}) {
  const clock = new FakeClock();
  const readPart: ReadLogOptions['readPart'] = async (_path, offset, length) => {
    const all = Buffer.from(content.text);
    return { data: all.subarray(offset, offset + length), size: all.length, inode: content.inode ?? 1 };
  };
  const lines = readLog({ path: '/l', clock, signal: new AbortController().signal, readPart, ...change });
  return { clock, lines };
}

async function collect(lines: AsyncIterable<LogLine>): Promise<readonly LogLine[]> {
  const all: LogLine[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

async function texts(content: { text: string }, change: Partial<ReadLogOptions> = {}): Promise<readonly string[]> {
  return (await collect(reading(content, change).lines)).map(({ text }) => text);
}

test('reads Docker’s form, CRI’s form and plain output, and puts parts of a line together', async () => {
  assert.deepEqual(await texts({ text: docker }), ['one', 'half done']);
  assert.deepEqual(await texts({ text: cri }), ['one', 'half done']);
  assert.deepEqual(await texts({ text: 'one\n{"level":"info"}\nlast without end' }), [
    'one',
    '{"level":"info"}',
    'last without end',
  ]);
});

test('tells time and stream where the form does', async () => {
  const [line] = await collect(reading({ text: docker }).lines);
  const time = '2026-01-01T00:00:01.5Z';
  assert.deepEqual(line, { text: 'one', atMs: Date.parse(time), time, stream: 'stdout' });
});

test('finds the last lines from the end on, also where one is in many parts or longer than what is read at once', async () => {
  const lines = Array.from({ length: 50_000 }, (_, line) => `line ${line}`);
  const text = `${lines.join('\n')}\n`;
  const reads: number[] = [];
  const readPart: ReadLogOptions['readPart'] = async (_path, offset, length) => {
    reads.push(length);
    return { data: Buffer.from(text).subarray(offset, offset + length), size: text.length, inode: 1 };
  };
  assert.deepEqual(await texts({ text }, { tail: 3, readPart }), lines.slice(-3));
  assert.ok(reads.reduce((sum, length) => sum + length) < text.length, 'most of it is not read');
  const parts = Array.from({ length: 100 }, (_, part) => `2026-01-01T00:00:02Z stdout P ${part},`).join('\n');
  const long = `${cri}${parts}\n2026-01-01T00:00:02Z stdout F end\n`;
  const [before, whole] = await texts({ text: long }, { tail: 2 });
  assert.equal(before, 'half done');
  assert.match(whole ?? '', /^0,1,2,.*,99,end$/);
  const wide = `a\n${'x'.repeat(200_000)}\nb\n`;
  assert.deepEqual(
    (await texts({ text: wide }, { tail: 2 })).map((line) => line.length),
    [200_000, 1],
  );
  assert.deepEqual(await texts({ text: 'a\nb\nno end' }, { tail: 2 }), ['b', 'no end']);
  assert.deepEqual(await texts({ text: '' }, { tail: 2 }), []);
});

test('gives the last lines, or those since a time', async () => {
  assert.deepEqual(await texts({ text: 'a\nb\nc\n' }, { tail: 2 }), ['b', 'c']);
  assert.deepEqual(await texts({ text: 'a\n' }, { tail: 0 }), []);
  assert.deepEqual(await texts({ text: cri }, { sinceMs: Date.parse('2026-01-01T00:00:02Z') }), ['half done']);
});

test('follows what is appended, over truncation, until the container is gone', async () => {
  const content = { text: 'one\n', inode: 1 };
  let alive = true;
  const { clock, lines } = reading(content, { follow: async () => alive });
  const seen: string[] = [];
  const done = (async () => {
    for await (const { text } of lines) seen.push(text);
  })();
  await clock.advance(0);
  content.text += 'two\nthr';
  await clock.advance(100);
  assert.deepEqual(seen, ['one', 'two']);
  content.text += 'ee\n';
  await clock.advance(100);
  content.text = '4\n';
  await clock.advance(100);
  alive = false;
  content.text += '5\n';
  await clock.advance(100);
  await done;
  assert.deepEqual(seen, ['one', 'two', 'three', '4', '5']);
});

test('the last lines of any form, without reading line by line', async () => {
  const readFile = async () => Buffer.from(docker);
  assert.deepEqual(await lastLogLines({ readFile }, '/l', 1), ['half done']);
  assert.deepEqual(await lastLogLines({ readFile: async () => undefined }, '/l', 5), []);
});
