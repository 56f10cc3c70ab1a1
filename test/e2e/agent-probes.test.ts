import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { archive } from '../components/locations.ts';
import { bootstrap, eventually } from './support/command.ts';
import { CriPods } from './support/cri-pods.ts';
import { DockerPods } from './support/docker-pods.ts';
import { engineAnswers, engineUnderTest } from './support/engine.ts';
import { LoneAgent } from './support/lone-agent.ts';
import { PodHistory } from './support/pod-history.ts';
import {
  agnhost,
  type ContainerSpec,
  everySecond,
  exec,
  graceCases,
  netexec,
  type ProbeCase,
  restartingCases,
  startupCases,
  steadyCases,
} from './support/probe-cases.ts';
import { endings, manifest, type Variety } from './support/probe-pods.ts';
import { programsIn } from './support/processes.ts';

const archives = dirname(archive('agnhost'));
/** Nobody else sleeps as long. */
const sleepSeconds = 1_000_000 + Math.floor(Math.random() * 1_000_000);

if (await engineAnswers()) {
  describe(`probes on ${engineUnderTest}, as kubernetes container_probe.go has them`, onEngine);
  describe('commands in containers that outlive their timeout', timedOutExecs);
} else
  it('says that the engine cannot be reached where there is none', async () => {
    const flags = ['--pod-manifest-path', '/nonexistent', '--root-dir', '/nonexistent'];
    const args = ['agent', '--runtime', engineUnderTest, ...flags];
    assert.notEqual((await bootstrap(args)).code, 0);
  });

function onEngine(): void {
  const agent = new LoneAgent(engineUnderTest, archives);
  const history = new PodHistory(agent);
  const outOf = (variety: Variety) => join(agent.root, 'out', variety);
  const groups = { steady: steadyCases, restarting: restartingCases, startup: startupCases, grace: graceCases };

  before(async () => {
    await agent.start();
    history.begin();
    for (const variety of ['containers', 'sidecars'] as const) {
      for (const [group, cases] of Object.entries(groups)) {
        const terminationGracePeriodSeconds = group === 'grace' ? 300 : 2;
        const containers = cases.map(({ container }) => container);
        const more = { terminationGracePeriodSeconds };
        agent.write(`${group}-${variety}.json`, manifest(`${group}-${variety}`, variety, containers, more));
      }
      mkdirSync(outOf(variety), { recursive: true });
      const volumes = [{ name: 'out', hostPath: { path: outOf(variety) } }];
      const more = { terminationGracePeriodSeconds: 30, volumes };
      agent.write(`ending-${variety}.json`, manifest(`ending-${variety}`, variety, endings, more));
    }
  });
  after(async () => {
    await history.end();
    await agent.destroy();
  });

  for (const variety of ['containers', 'sidecars'] as const) {
    describe(variety, { concurrency: true }, () => {
      for (const [group, cases] of Object.entries(groups)) {
        for (const probeCase of cases) judge(probeCase, `${group}-${variety}-node1`);
      }
      it('should mark readiness on pods to false while pod is in progress of terminating, liveness disabled', () =>
        terminates(variety));
    });
  }

  function judge({ says, container, seen, holds }: ProbeCase, pod: string): void {
    it(`${container.name}: ${says}`, async () => {
      holds(await history.until({ pod, container: container.name }, 'is as expected', seen, 150_000));
    });
  }

  async function terminates(variety: Variety): Promise<void> {
    const pod = `ending-${variety}-node1`;
    const names = endings.map(({ name }) => name);
    for (const container of names) {
      await history.until({ pod, container }, 'is ready', (samples) => samples.at(-1)?.ready === true, 100_000);
    }
    const removedMs = Date.now();
    agent.remove(`ending-${variety}.json`);
    await agent.gone(pod);
    for (const container of names) {
      const since = history.of(pod, container).filter(({ atMs }) => atMs > removedMs);
      assert.ok(
        since.some(({ ready, startedMs }) => !ready && startedMs !== undefined),
        `${container} was ready until its end`,
      );
      assert.ok(existsSync(join(outOf(variety), container)), `${container} was not given its time`);
    }
  }
}

function timedOutExecs(): void {
  const pods = engineUnderTest === 'cri' ? new CriPods() : new DockerPods();
  before(() => pods.begin());
  after(() => pods.end());

  it('are killed with all that they have started: a hundred leave no process and no zombie', async () => {
    const { id } = await pods.start('execs', 'while :; do sleep 1000000 & wait; done');
    // Each lane's is another: CRI tells nobody which process a command is.
    const lanes = Array.from({ length: 10 }, async (_lane, lane) => {
      const command = ['/bin/sh', '-c', `sleep 4321 & sleep 4321; exit ${lane}`];
      for (let times = 0; times < 10; times++) {
        const result = await pods.runtime.exec(id, command, 100);
        assert.equal(result.timedOut, true);
      }
    });
    await Promise.all(lanes);
    await eventually('only the container’s own two processes are left', async () => {
      const programs = programsIn(id);
      return programs.length <= 2 && programs.every((line) => !line.includes('4321'));
    });
    assert.ok(!pods.log.warnings.some((warning) => warning.includes('time out')), pods.log.warnings.join());
  });
}

describe('probes on the process runtime, a named subset', () => {
  const agent = new LoneAgent('process', archives);
  const history = new PodHistory(agent);
  const base = 20_000 + Math.floor(Math.random() * 10_000);
  const at = (container: ContainerSpec) => ({ pod: 'probes-node1', container: container.name });
  const live = (httpGet: object) => ({ livenessProbe: { httpGet: { host: '127.0.0.1', ...httpGet }, ...everySecond } });
  const ready = netexec('ready', base, {
    readinessProbe: { tcpSocket: { host: '127.0.0.1', port: base }, ...everySecond },
  });
  const bad = netexec('bad', base + 1, live({ path: '/echo?code=500', port: 'web' }));
  const grpc = {
    name: 'grpc',
    image: agnhost,
    args: ['grpc-health-checking', `--port=${base + 2}`, `--http-port=${base + 3}`],
    readinessProbe: { grpc: { port: base + 2 }, ...everySecond },
  };
  const slow = netexec('slow', base + 4, {
    livenessProbe: {
      ...exec('/bin/sh', '-c', `sleep ${sleepSeconds} & sleep ${sleepSeconds}`),
      timeoutSeconds: 1,
      ...everySecond,
    },
  });

  before(async () => {
    await agent.start();
    history.begin();
    const containers = [ready, bad, grpc, slow];
    agent.write(
      'probes.json',
      manifest('probes', 'containers', containers, { hostNetwork: true, terminationGracePeriodSeconds: 2 }),
    );
  });
  after(async () => {
    await history.end();
    await agent.destroy();
  });

  it('tcpSocket and grpc make ready, a failing httpGet restarts, and so does an exec that outlives its timeout', async () => {
    await history.until(at(ready), 'is ready', (samples) => samples.at(-1)?.ready === true);
    await history.until(at(grpc), 'is ready', (samples) => samples.at(-1)?.ready === true);
    for (const container of [bad, slow]) {
      await history.until(at(container), 'is restarted', (samples) => (samples.at(-1)?.restarts ?? 0) > 0);
    }
  });

  it('leaves nothing behind of an exec that timed out, but for the one that runs', async () => {
    await history.until(at(slow), 'was probed often enough', (samples) => (samples.at(-1)?.restarts ?? 0) > 1);
    const left = sleepers();
    assert.ok(left.length <= 2, left.join(', '));
  });
});

/** The pids of the sleeps that the `slow` probe starts, two by each run. */
function sleepers(): readonly string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'latin1').includes(`sleep\0${sleepSeconds}`);
    } catch {
      return false;
    }
  });
}
