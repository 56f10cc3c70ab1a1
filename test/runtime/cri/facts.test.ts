import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CriClient } from '../../../src/runtime/cri/client.ts';
import { CriFactsCache } from '../../../src/runtime/cri/facts.ts';
import { planNotes, planRefusals } from '../../../src/runtime/cri/refusals.ts';
import { planRemarks } from '../../../src/runtime/cri/remarks.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeCri } from '../../fakes/fake-cri.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { aContainerConfig, aContainerSecurity } from '../../fakes/runtime-builders.ts';

const ready = { conditions: [{ type: 'RuntimeReady', status: true, reason: '', message: '' }] };

/** What containerd 1.6 shows of its configuration. */
const containerd = (change: object = {}) => ({
  status: ready,
  info: {
    config: JSON.stringify({
      containerd: { defaultRuntimeName: 'runc', runtimes: { runc: { options: { SystemdCgroup: true } } } },
      registry: { configPath: '', mirrors: null },
      sandboxImage: 'registry.k8s.io/pause:3.6',
      ...change,
    }),
  },
});

describe('what is known of a CRI runtime', () => {
  let cri: FakeCri;
  let client: CriClient;
  const host = (files: Readonly<Record<string, string>> = {}) => new MemoryHost(files);
  const facts = (files: Readonly<Record<string, string>> = {}) =>
    new CriFactsCache({ client, host: host(files) }).get();

  beforeEach(async () => {
    cri = await new FakeCri().start();
    client = new CriClient({ socketPath: cri.socketPath, clock: new FakeClock() });
  });

  afterEach(async () => {
    client.close();
    await cri.stop();
  });

  it('is the cgroup driver that it tells, else that of its configuration, else that of the machine', async () => {
    cri.on('Status', containerd());
    assert.deepEqual([(await facts()).cgroupDriver, (await facts()).tellsDriver], ['systemd', false]);
    cri.on('RuntimeConfig', { linux: { cgroupDriver: 'CGROUPFS' } });
    assert.deepEqual([(await facts()).cgroupDriver, (await facts()).tellsDriver], ['cgroupfs', true]);
    cri.on('RuntimeConfig', () => undefined);
    cri.on('Status', { status: ready, info: {} });
    assert.equal((await facts()).cgroupDriver, 'cgroupfs');
    assert.equal((await facts({ '/run/systemd/system/x': '' })).cgroupDriver, 'systemd');
  });

  it('is its name, its sandbox image, and whether images come from mirrors', async () => {
    cri.on('Status', containerd());
    const { runtimeName, sandboxImage, hasMirrors, heedsStopSignal } = await facts();
    assert.equal(heedsStopSignal, false);
    assert.deepEqual([runtimeName, sandboxImage, hasMirrors], ['containerd', 'registry.k8s.io/pause:3.6', false]);
    cri.on('Status', containerd({ registry: { configPath: '/etc/containerd/certs.d' } }));
    assert.equal((await facts()).hasMirrors, true);
    cri.on('Status', { status: ready, info: {} });
    assert.deepEqual([(await facts()).sandboxImage, (await facts()).hasMirrors], [undefined, false]);
  });

  it('is what the machine has: AppArmor, and what of its processors is masked', async () => {
    const cpu = '/sys/devices/system/cpu';
    const files = {
      '/sys/module/apparmor/parameters/enabled': 'Y\n',
      [`${cpu}/cpu0/thermal_throttle/core_throttle_count`]: '0',
      [`${cpu}/cpu1/online`]: '1',
    };
    const { appArmor, maskedPaths } = await facts(files);
    assert.equal(appArmor, true);
    assert.ok(maskedPaths.includes(`${cpu}/cpu0/thermal_throttle`));
    assert.ok(!maskedPaths.includes(`${cpu}/cpu1/thermal_throttle`));
    assert.equal((await facts()).appArmor, false);
  });

  it('is asked once, and again when it was forgotten or could not be had', async () => {
    const cache = new CriFactsCache({ client, host: host() });
    await cri.die();
    await assert.rejects(cache.get(), /cannot reach the container runtime/);
    await cri.listen();
    while ((await cache.get().catch(() => undefined)) === undefined);
    await cache.get();
    assert.equal(cri.requestsOf('Status').length, 1);
    cache.forget();
    await cache.get();
    assert.equal(cri.requestsOf('Status').length, 2);
  });

  it('is why it is not ready', async () => {
    const condition = { type: 'RuntimeReady', status: false, reason: 'Starting', message: 'not yet' };
    cri.on('Status', { status: { conditions: [condition] }, info: {} });
    assert.equal((await facts()).notReady, 'Starting: not yet');
  });
});

describe('what preflight says of a CRI runtime', () => {
  const found = { notReady: undefined, tellsDriver: true, sandboxImage: 'pause:3.6', hasSandboxImage: true };
  const said = (change: Partial<typeof found> | { notReady: string }) =>
    planRemarks({ ...found, ...change }).map(({ check, severity }) => `${severity} ${check}`);

  it('is nothing where all is well', () => assert.deepEqual(said({}), []));

  it('is an error when it is not ready, and a warning for what may trouble later', () => {
    assert.deepEqual(said({ notReady: 'Starting' }), ['error CRI']);
    assert.deepEqual(said({ tellsDriver: false }), ['warning ContainerRuntimeVersion']);
    assert.deepEqual(said({ hasSandboxImage: false }), ['warning ImagePull']);
  });
});

describe('what a CRI runtime accepts and does not do', () => {
  const container = aContainerConfig({
    stopSignal: 'SIGINT',
    security: aContainerSecurity({ appArmor: 'runtime/default' }),
  });

  it('is said, and nothing where it does it', () => {
    const [appArmor, signal] = planNotes(container, { appArmor: false, heedsStopSignal: false });
    assert.match(appArmor ?? '', /AppArmor is not enabled/);
    assert.match(signal ?? '', /too old to heed stopSignal/);
    assert.deepEqual(planNotes(container, { appArmor: true, heedsStopSignal: true }), []);
  });
});

describe('what a CRI runtime cannot run', () => {
  const able = { appArmor: false, recursiveReadOnly: false };
  const mount = { hostPath: '/h', containerPath: '/c', readOnly: true, propagation: 'private' } as const;

  it('is refused with the reason', () => {
    const security = aContainerSecurity({ appArmor: 'mine' });
    const deep = { ...mount, recursiveReadOnly: 'Enabled' as const };
    const image = { ...mount, image: { reference: 'x' } };
    const reasons = planRefusals([aContainerConfig({ security, mounts: [deep, image] })], able);
    assert.deepEqual(
      reasons.map((reason) => reason.slice(0, 37)),
      [
        'container app: cannot enforce AppArmo',
        'container app: recursiveReadOnly: Ena',
        'container app: image volumes (/c) are',
      ],
    );
    const can = { appArmor: true, recursiveReadOnly: true };
    assert.deepEqual(planRefusals([aContainerConfig({ security, mounts: [deep] })], can), []);
  });
});
