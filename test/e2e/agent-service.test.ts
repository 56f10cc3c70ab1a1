/** The agent as a service of systemd: what it tells by systemd-notify, here a script that keeps the words. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { archive } from '../components/locations.ts';
import { agnhost } from './support/agnhost-pods.ts';
import { bootstrap, bootstrapProgram, eventually, expectCode } from './support/command.ts';
import { LoneAgent } from './support/lone-agent.ts';

const limitMs = 90_000;
const systemdNotify = '#!/bin/sh\necho "$NOTIFY_SOCKET $*" >>"$(dirname "$0")/said"\n';

/** An agent that a service manager has started. */
class ServiceAgent extends LoneAgent {
  readonly #programs = join(this.root, 'programs');
  readonly #journal = join(this.root, 'journal');

  constructor() {
    super('process', dirname(archive('agnhost')));
    mkdirSync(this.#programs);
    writeFileSync(join(this.#programs, 'systemd-notify'), systemdNotify);
    chmodSync(join(this.#programs, 'systemd-notify'), 0o755);
    writeFileSync(this.#journal, '');
  }

  override command(): readonly [string, ...string[]] {
    const { dev, ino } = statSync(this.#journal);
    const told = ['NOTIFY_SOCKET=/run/notify', 'WATCHDOG_USEC=4000000', `JOURNAL_STREAM=${dev}:${ino}`];
    const path = `PATH=${this.#programs}:${process.env.PATH}`;
    return ['env', ...told, path, 'sh', '-c', `exec "$0" "$@" 2>>'${this.#journal}'`, bootstrapProgram];
  }

  said(): readonly string[] {
    const file = join(this.#programs, 'said');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  hears(words: RegExp, from = 0): Promise<number> {
    const heard = () => {
      const at = this.said().findIndex((line, index) => index >= from && words.test(line));
      if (at < 0)
        throw new Error(
          `heard: ${this.said().slice(0, 5).join('; ')}; journal: ${this.journal().slice(-5).join('; ')}`,
        );
      return at + 1;
    };
    return eventually(`the service manager hears ${words}`, heard, limitMs);
  }

  journal(): readonly string[] {
    return readFileSync(this.#journal, 'utf8').trim().split('\n');
  }
}

const agent = new ServiceAgent();

before(() => agent.start());
after(() => agent.destroy());

test('a service manager hears that the agent is ready, how its pods are, that it works and when it reloads', async () => {
  await agent.hears(/^\/run\/notify READY=1 STATUS=0 of 0 pods ready, runtime process/);
  const container = { name: 'main', image: agnhost, args: ['pause'] };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { hostNetwork: true, containers: [container] },
  };
  agent.write('web.yaml', JSON.stringify(pod));
  await agent.hears(/STATUS=1 of 1 pods ready/);
  const fed = await agent.hears(/WATCHDOG=1/);
  await agent.hears(/WATCHDOG=1/, fed);
  const heard = agent.said().length;
  process.kill(agent.pid, 'SIGHUP');
  await agent.hears(/ READY=1$/, await agent.hears(/ RELOADING=1$/, heard));
  assert.deepEqual(
    agent.journal().filter((line) => !/^<[3467]>/.test(line)),
    [],
    'every line has its severity',
  );
});

test('what is for the agent alone does not reach the programs of its pods', async () => {
  const pids = globSync(join(agent.root, 'var/lib/bootstrap/containers/*/pid'));
  assert.ok(pids.length > 0);
  for (const file of pids) {
    const [pid] = readFileSync(file, 'utf8').split(' ');
    assert.doesNotMatch(readFileSync(`/proc/${pid}/environ`, 'utf8'), /NOTIFY_SOCKET|WATCHDOG|JOURNAL_STREAM/);
  }
});

test('how the node came up is told by status, also by the next agent', async () => {
  const start = async () => {
    const { stdout } = expectCode(await bootstrap(['status', '--root-dir', agent.root, '-o', 'json']), 0);
    return JSON.parse(stdout).start;
  };
  const first = await start();
  assert.equal(first.pods[0].pod, 'default/web-node1');
  assert.ok(first.agentMs <= first.runtimeMs && first.runtimeMs <= first.pods[0].readyMs);
  await eventually('it is kept', () => existsSync(join(agent.root, 'run/bootstrap/start.json')), limitMs);
  await agent.end('SIGKILL');
  await agent.start();
  await agent.pod('web-node1');
  assert.deepEqual(await start(), first);
});
