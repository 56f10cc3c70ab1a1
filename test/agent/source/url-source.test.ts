import assert from 'node:assert/strict';
import test from 'node:test';
import { LastGoodStore } from '../../../src/agent/source/last-good.ts';
import { UrlSource } from '../../../src/agent/source/url-source.ts';
import type { HttpRequest } from '../../../src/host/host.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

const url = 'https://user:pass@example.com/pods?token=secret';
const shown = 'https://example.com/pods';
type Answer = { status: number; body: string; location?: string } | Error;

const item = (name: string, image = 'a:1') => ({ metadata: { name }, spec: { containers: [{ name: 'c', image }] } });
const list = (...items: unknown[]) => JSON.stringify({ apiVersion: 'v1', kind: 'PodList', items });

function aSource(files = new MemoryHost()) {
  const clock = new FakeClock();
  const log = recordingLog();
  const errors: string[] = [];
  const asked: { url: string; options: HttpRequest }[] = [];
  const changes: string[] = [];
  const answers: { next: Answer; at?: (url: string) => Answer } = { next: { status: 200, body: list(item('a')) } };
  const request = async (at: string, options: HttpRequest = {}) => {
    asked.push({ url: at, options });
    const answer = answers.at?.(at) ?? answers.next;
    if (answer instanceof Error) throw answer;
    const headers: Record<string, string> = answer.location === undefined ? {} : { location: answer.location };
    return { status: answer.status, headers, body: Buffer.from(answer.body) };
  };
  const source = new UrlSource({
    url,
    headers: { 'X-Key': ['one', 'two'] },
    host: { request },
    clock,
    log: { ...log, error: (line) => void errors.push(line) },
    nodeName: 'node1',
    checkEveryMs: 20_000,
    lastGood: new LastGoodStore(files, '/state/last-good', log),
    onChange: (key) => void changes.push(key),
  });
  return { source, clock, answers, asked, changes, errors, files };
}

test('a Pod or a PodList is what runs, asked again every 20 s with the headers, and an equal body changes nothing', async () => {
  const { source, clock, answers, asked, changes } = aSource();
  await source.start();
  assert.deepEqual(source.keys(), ['default/a-node1']);
  assert.equal(source.get('default/a-node1')?.file, shown);
  assert.equal(asked[0]?.options.headers?.['X-Key'], 'one, two');
  assert.equal(asked[0]?.options.timeoutMs, 10_000);
  await clock.advance(60_000);
  assert.equal(asked.length, 4);
  assert.deepEqual(changes, ['default/a-node1']);
  answers.next = { status: 200, body: JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...item('b') }) };
  await clock.advance(20_000);
  assert.deepEqual(source.keys(), ['default/b-node1']);
  assert.deepEqual(changes, ['default/a-node1', 'default/a-node1', 'default/b-node1']);
  await source.stop();
});

test('every other answer keeps the pods and says why, without the credentials', async () => {
  const { source, answers, errors } = aSource();
  await source.start();
  const cases: readonly (readonly [Answer, RegExp])[] = [
    [{ status: 404, body: 'x' }, /answers 404/],
    [{ status: 200, body: '' }, /answers with nothing/],
    [{ status: 200, body: '[' }, /not valid YAML/],
    [{ status: 200, body: 'apiVersion: apps/v1\nkind: Deployment\n' }, /needs a controller/],
    [{ status: 200, body: list(item('a'), item('b', '')) }, /image: required value/],
    [new Error(`no answer from ${url} within 10000 ms`), /no answer from https:\/\/example.com\/pods within/],
    [{ status: 302, body: '', location: 'ftp://elsewhere/' }, /redirects to ftp:/],
  ];
  for (const [answer, reason] of cases) {
    answers.next = answer;
    await source.look();
    assert.deepEqual(source.keys(), ['default/a-node1']);
    const [refused] = source.rejected();
    assert.match(refused?.reason ?? '', reason);
    assert.equal(refused?.file, shown);
    assert.equal(refused?.lastGoodRuns, true);
  }
  assert.equal(errors.length, cases.length);
  assert.doesNotMatch(JSON.stringify([errors, source.rejected()]), /pass|secret|one, two/);
  answers.next = { status: 200, body: list(item('a')) };
  await source.look();
  assert.deepEqual(source.rejected(), []);
  await source.stop();
});

test('a redirect is followed, and the headers stay with the server they were given for', async () => {
  const { source, answers, asked } = aSource();
  answers.at = (at) =>
    at.startsWith('https://other.example')
      ? { status: 200, body: list(item('a')) }
      : { status: 301, body: '', location: 'https://other.example/x' };
  await source.start();
  assert.deepEqual(source.keys(), ['default/a-node1']);
  assert.deepEqual(asked[1]?.options.headers, {});
  answers.at = () => ({ status: 302, body: '', location: '/again' });
  await source.look();
  assert.match(source.rejected()[0]?.reason ?? '', /redirects more than 10 times/);
  await source.stop();
});

test('what was good last holds over a restart, which does not wait for the URL', async () => {
  const first = aSource();
  await first.source.start();
  const uid = first.source.get('default/a-node1')?.uid;
  await first.source.stop();
  const second = aSource(first.files);
  second.answers.next = new Error('connection refused');
  await second.source.start();
  assert.equal(second.source.get('default/a-node1')?.uid, uid);
  await second.source.look();
  assert.equal(second.source.rejected()[0]?.lastGoodRuns, true);
  await second.source.stop();
});

test('a pod that a list holds twice runs once', async () => {
  const { source, answers } = aSource();
  answers.next = { status: 200, body: list(item('a'), item('a', 'b:2')) };
  await source.start();
  assert.equal(source.get('default/a-node1')?.pod.spec.containers[0]?.image, 'a:1');
  await source.stop();
});
