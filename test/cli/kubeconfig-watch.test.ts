import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineLog } from '../../src/base/log.ts';
import { watchKubeconfig } from '../../src/cli/kubeconfig-watch.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

const valid = `apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: 'https://192.0.2.1:6443'}}]
users: [{name: u, user: {token: hunter2}}]
`;

test('a kubeconfig that is missing, broken or there is told once each, and tried again', async () => {
  const clock = new FakeClock();
  const lines: string[] = [];
  let text: string | undefined;
  const log = lineLog(
    (line) => lines.push(line),
    0,
    () => clock.now(),
  );
  const watch = watchKubeconfig({ host: { readText: async () => text }, clock, log }, '/k.conf');
  await clock.advance(60_000);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /--kubeconfig \/k\.conf is not there: static pods run without an API server/);
  text = 'users: [hunter2';
  await clock.advance(60_000);
  assert.match(lines[1] ?? '', /--kubeconfig \/k\.conf: not valid YAML at line 1/);
  text = valid;
  await clock.advance(60_000);
  assert.match(lines[2] ?? '', /makes no mirror pods and registers no node at https:\/\/192\.0\.2\.1:6443/);
  assert.equal(lines.length, 3);
  assert.doesNotMatch(lines.join(), /hunter2/);
  assert.equal(watch.problem(), lines[2]?.slice(lines[2].indexOf('this release')));
  watch.close();
  text = undefined;
  await clock.advance(60_000);
  assert.equal(lines.length, 3);
});

test('without a kubeconfig there is nothing to say', async () => {
  const clock = new FakeClock();
  const fail = () => assert.fail('it says something');
  const log = { info: fail, warn: fail, error: fail, verbose: fail };
  const watch = watchKubeconfig({ host: { readText: async () => undefined }, clock, log }, undefined);
  await clock.advance(60_000);
  assert.equal(watch.problem(), undefined);
});
