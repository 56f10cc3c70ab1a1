import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { archive } from '../components/locations.ts';
import { bootstrap, eventually, expectCode, run } from './support/command.ts';
import { engineAnswers, engineUnderTest } from './support/engine.ts';
import { hooks, plainPort, tlsPort } from './support/hook-cases.ts';
import { containerOf, isRunning, LoneAgent } from './support/lone-agent.ts';
import { agnhost, type ContainerSpec, everySecond, exec, netexec, shell } from './support/probe-cases.ts';

const archives = dirname(archive('agnhost'));
function manifest(name: string, spec: object): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec });
}

if (await engineAnswers())
  describe(`lifecycle hooks on ${engineUnderTest}, as kubernetes lifecycle_hook.go has them`, onEngine);
else
  it('says that the engine cannot be reached where there is none', async () => {
    const flags = ['--pod-manifest-path', '/nonexistent', '--root-dir', '/nonexistent'];
    const args = ['agent', '--runtime', engineUnderTest, ...flags];
    assert.notEqual((await bootstrap(args)).code, 0);
  });

function onEngine(): void {
  const agent = new LoneAgent(engineUnderTest, archives);
  let told = '';
  const out = join(agent.root, 'out');
  const outVolume = { volumes: [{ name: 'out', hostPath: { path: out } }] };
  const volumeMounts = [{ name: 'out', mountPath: '/out' }];

  before(async () => {
    mkdirSync(out);
    const files = ['-keyout', join(out, 'key.pem'), '-out', join(out, 'cert.pem')];
    expectCode(await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=a', ...files]), 0);
    await agent.start();
    const tlsArgs = ['--tls-cert-file=/out/cert.pem', '--tls-private-key-file=/out/key.pem'];
    const tls = netexec('tls', tlsPort);
    const containers = [
      netexec('plain', plainPort),
      { ...tls, args: [...(tls.args as string[]), ...tlsArgs], volumeMounts },
    ];
    // From pod to pod the firewall that Docker has set up on the machine lets nothing pass but by Docker's own bridge.
    const network = { hostNetwork: engineUnderTest === 'cri' };
    const server = { containers, terminationGracePeriodSeconds: 1, ...outVolume, ...network };
    agent.write('server.json', manifest('server', server));
    const ip = (await agent.pod('server-node1')).pod.status?.podIP ?? '';
    const mains = hooks(ip, 'main').map(({ container }) => container);
    const sidecars = hooks(ip, 'sidecar').map(({ container }) => ({ ...container, restartPolicy: 'Always' }));
    const grace = { terminationGracePeriodSeconds: 15, ...network };
    agent.write('mains.json', manifest('mains', { containers: mains, ...grace }));
    const main = { name: 'main', image: agnhost, args: ['pause'] };
    agent.write('sidecars.json', manifest('sidecars', { initContainers: sidecars, containers: [main], ...grace }));
    for (const pod of ['mains', 'sidecars']) {
      await agent.pod(`${pod}-node1`);
      agent.remove(`${pod}.json`);
    }
    for (const pod of ['mains', 'sidecars']) await agent.gone(`${pod}-node1`);
    told = await serverLog();
  });
  after(() => agent.destroy());

  async function serverLog(): Promise<string> {
    const of = (container: string) => ['logs', 'server', '-c', container, '--root-dir', agent.root];
    const logs = await Promise.all(['plain', 'tls'].map((container) => bootstrap(of(container))));
    return logs.map((ran) => expectCode(ran, 0).stdout).join('');
  }

  for (const tag of ['main', 'sidecar']) {
    for (const { says, container } of hooks('', tag)) {
      it(`${tag} container: ${says}`, () =>
        assert.match(told, new RegExp(`GET /echo\\?msg=${container.name}-${tag}&`)));
    }
  }

  describe('what a hook does to the end of its container', { concurrency: true }, () => {
    const sleeping = (name: string, seconds: number): ContainerSpec =>
      shell(name, '', { lifecycle: { preStop: { sleep: { seconds } } } });

    /** How long the pod takes to go, in seconds. */
    async function ends(
      name: string,
      container: ContainerSpec,
      terminationGracePeriodSeconds: number,
    ): Promise<number> {
      const spec = { containers: [container], terminationGracePeriodSeconds, ...outVolume };
      agent.write(`${name}.json`, manifest(name, spec));
      await agent.pod(`${name}-node1`);
      const removed = performance.now();
      agent.remove(`${name}.json`);
      await agent.gone(`${name}-node1`);
      return (performance.now() - removed) / 1000;
    }

    it('valid prestop hook using sleep action', async () => {
      const seconds = await ends('asleep', sleeping('asleep', 3), 30);
      assert.ok(seconds >= 3 && seconds < 25, `${seconds} s`);
    });

    it('prestop hook using sleep action with zero duration', async () => {
      const seconds = await ends('awake', sleeping('awake', 0), 30);
      assert.ok(seconds < 25, `${seconds} s`);
    });

    it('reduce GracePeriodSeconds: a sleep ends with the grace period of the probe that the container is killed for', async () => {
      const livenessProbe = {
        ...exec('false'),
        initialDelaySeconds: 1,
        ...everySecond,
        terminationGracePeriodSeconds: 3,
      };
      const container = { ...sleeping('reduced', 15), livenessProbe };
      agent.write('reduced.json', manifest('reduced', { containers: [container], terminationGracePeriodSeconds: 20 }));
      const { pod } = await agent.pod('reduced-node1', (seen) => containerOf(seen).restarts > 0);
      const ended = pod.status?.containerStatuses[0]?.lastState.terminated;
      const seconds = (Date.parse(String(ended?.finishedAt)) - Date.parse(String(ended?.startedAt))) / 1000;
      assert.ok(seconds >= 3 && seconds < 13, `${seconds} s`);
    });

    it('a prestop command that never ends leaves the stop signal two seconds', async () => {
      const script = "trap 'echo told >/out/never; exit 0' TERM; while :; do sleep 0.1; done";
      const container = { ...shell('never', '', { lifecycle: { preStop: exec('sleep', '1000') } }), volumeMounts };
      const seconds = await ends('never', { ...container, command: ['/bin/sh', '-c', script] }, 2);
      assert.ok(seconds >= 2 && seconds < 25, `${seconds} s`);
      assert.equal(readFileSync(join(out, 'never'), 'utf8'), 'told\n');
    });

    it('StopSignal: the container gets the signal that it asks for', async () => {
      const script = "trap 'echo USR1 >/out/signal; exit 0' USR1; trap '' TERM; while :; do sleep 0.1; done";
      const lifecycle = { stopSignal: 'SIGUSR1' };
      const container = { name: 'signal', image: agnhost, command: ['/bin/sh', '-c', script], lifecycle, volumeMounts };
      const spec = { containers: [container], os: { name: 'linux' }, terminationGracePeriodSeconds: 20, ...outVolume };
      agent.write('signal.json', manifest('signal', spec));
      await agent.pod('signal-node1');
      agent.remove('signal.json');
      await agent.gone('signal-node1');
      const got = join(out, 'signal');
      // containerd 1.6 does not know the field yet: it sends the image's signal, also for the kubelet.
      if (engineUnderTest === 'docker' || existsSync(got)) assert.equal(readFileSync(got, 'utf8'), 'USR1\n');
    });

    it('ignore terminated container: its prestop hook is not run', async () => {
      const container = sleeping('over', 25);
      const spec = { containers: [{ ...container, command: ['/bin/sh', '-c', 'exit 0'] }], restartPolicy: 'Never' };
      agent.write('over.json', manifest('over', spec));
      await agent.pod('over-node1', ({ pod }) => pod.status?.phase === 'Succeeded');
      const removed = performance.now();
      agent.remove('over.json');
      await agent.gone('over-node1');
      assert.ok(performance.now() - removed < 20_000);
    });

    it('a poststart hook that fails has its container killed and restarted, and says why', async () => {
      const lifecycle = { postStart: exec('sh', '-c', 'echo no luck; exit 3'), preStop: exec('touch', '/out/stopped') };
      const container = shell('unlucky', '', { lifecycle, volumeMounts });
      agent.write('unlucky.json', manifest('unlucky', { containers: [container], ...outVolume }));
      const { pod } = await agent.pod('unlucky-node1', ({ pod: { status } }) => {
        const [seen] = status?.containerStatuses ?? [];
        return (seen?.restartCount ?? 0) > 0 && seen?.state.waiting !== undefined;
      });
      const [seen] = pod.status?.containerStatuses ?? [];
      assert.match(JSON.stringify(seen), /PostStartHookError|CrashLoopBackOff/);
      assert.match(JSON.stringify([seen, (await agent.status()).pods]), /no luck/);
      await eventually('the prestop hook was run', () => readFileSync(join(out, 'stopped'), 'utf8') === '');
      agent.remove('unlucky.json');
      await agent.gone('unlucky-node1');
    });
  });
}

describe('lifecycle hooks on the process runtime, a named subset', () => {
  const agent = new LoneAgent('process', archives);
  before(() => agent.start());
  after(() => agent.destroy());

  it('runs postStart and preStop commands, and a sleep within the grace period', async () => {
    const file = (name: string) => join(agent.root, name);
    const lifecycle = {
      postStart: exec('sh', '-c', `echo on >${file('on')}`),
      preStop: exec('sh', '-c', `echo off >${file('off')}`),
    };
    const containers = [
      shell('app', '', { lifecycle }),
      shell('nap', '', { lifecycle: { preStop: { sleep: { seconds: 2 } } } }),
    ];
    agent.write('hooks.json', manifest('hooks', { hostNetwork: true, containers, terminationGracePeriodSeconds: 10 }));
    await agent.pod('hooks-node1', isRunning);
    assert.equal(readFileSync(file('on'), 'utf8'), 'on\n');
    const removed = performance.now();
    agent.remove('hooks.json');
    await agent.gone('hooks-node1');
    assert.ok(performance.now() - removed >= 2000);
    assert.equal(readFileSync(file('off'), 'utf8'), 'off\n');
  });
});
