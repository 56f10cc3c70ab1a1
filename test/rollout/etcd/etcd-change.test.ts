import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pathsOf } from '../../../src/config/paths.ts';
import type { Config } from '../../../src/config/types.ts';
import { beforeEtcdChange } from '../../../src/rollout/etcd/etcd-change.ts';
import { afterEtcdChange } from '../../../src/rollout/etcd/peer-url.ts';
import { planSnapshot } from '../../../src/rollout/etcd/plan-snapshot.ts';
import type { Change, ComponentPlan, RolloutPlan } from '../../../src/rollout/types.ts';
import { aConfig } from '../../fakes/builders.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { fakeEtcd } from '../../fakes/fake-etcd.ts';
import { aHost, anInitContext } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { renderedPods } from '../../fakes/rollout-builders.ts';

const paths = pathsOf('/');
const manifest = '/etc/kubernetes/manifests/etcd.yaml';

async function setup(change: { readonly external?: boolean } = {}) {
  const rendered = [...(await renderedPods(aConfig())).values()];
  const text = rendered.find(({ component }) => component === 'etcd')?.text ?? '';
  const files = new MemoryHost({
    '/etc/kubernetes/pki/etcd/ca.crt': 'CA',
    '/etc/kubernetes/pki/etcd/healthcheck-client.crt': 'C',
    '/etc/kubernetes/pki/etcd/healthcheck-client.key': 'K',
    '/var/lib/bootstrap/revisions/1/revision.json': '{}',
  });
  if (!change.external) files.seed(manifest, text);
  const { state, network } = fakeEtcd();
  const { report, items, said } = anInitContext();
  const clock = new FakeClock();
  const { signal } = new AbortController();
  const host = aHost(files, network);
  const config = change.external ? externalConfig() : aConfig();
  return { context: { host, config, paths, clock, signal, report, rendered }, state, files, items, said, clock, text };
}

function externalConfig(): Config {
  const config = aConfig();
  const external = { endpoints: ['https://192.0.2.30:2379'], httpEndpoints: [], caFile: '', certFile: '', keyFile: '' };
  return { ...config, cluster: { ...config.cluster, etcd: { external } } };
}

const flag = (name: string): Change => ({ what: 'flag', name, because: '', cause: 'configuration' });
const image: Change = { what: 'image', name: 'image', because: '', cause: 'configuration' };

function aPlan(...components: readonly Partial<ComponentPlan>[]): RolloutPlan {
  return {
    components: components.map((item) => ({ component: 'etcd', changes: [], restart: true, because: '', ...item })),
  } as unknown as RolloutPlan;
}

describe('a snapshot before a change', () => {
  test('is due when etcd restarts, a version changes, or how objects are encrypted', async () => {
    const { context } = await setup();
    const cases: readonly [Partial<ComponentPlan>, string | undefined][] = [
      [{ component: 'etcd', changes: [flag('--quota-backend-bytes')] }, 'etcd restarts'],
      [{ component: 'etcd', changes: [image] }, 'etcd changes its version'],
      [{ component: 'etcd', restart: false, changes: [] }, undefined],
      [{ component: 'kube-apiserver', changes: [flag('--v')] }, undefined],
      [{ component: 'kube-apiserver', changes: [image] }, 'kube-apiserver changes its version'],
      [
        { component: 'kube-apiserver', changes: [flag('--encryption-provider-config')] },
        'the encryption of stored objects changes',
      ],
      [{ component: 'kube-scheduler', changes: [image] }, undefined],
    ];
    const apiServer = context.rendered.find((manifest) => manifest.component === 'kube-apiserver')?.pod;
    for (const [component, because] of cases) {
      assert.equal(planSnapshot(aPlan(component), apiServer)?.because, because);
    }
  });

  test('is taken, checked and reported, with older ones of revisions that went removed', async () => {
    const { context, files, items } = await setup();
    files.seed('/var/lib/bootstrap/snapshots/revision-7-20250101T000000Z.db', 'old');
    const { snapshot } = await beforeEtcdChange(context, aPlan({}), 2);
    assert.equal(snapshot, '/var/lib/bootstrap/snapshots/revision-2-20260101T000000Z.db');
    assert.deepEqual(await files.list('/var/lib/bootstrap/snapshots'), ['revision-2-20260101T000000Z.db']);
    assert.match(items[0]?.because ?? '', /^etcd restarts \(0\.1 MiB in /);
  });

  test('lies in a directory for its owner alone', async () => {
    const { context, files } = await setup();
    await beforeEtcdChange(context, aPlan({}), 2);
    assert.equal((await files.stat('/var/lib/bootstrap/snapshots'))?.mode, 0o700);
  });

  test('is not taken when nothing asks for it, or etcd is somebody else’s', async () => {
    const idle = await setup();
    assert.deepEqual(await beforeEtcdChange(idle.context, aPlan({ restart: false }), 2), {});
    assert.equal(idle.state.calls.length, 0);
    const external = await setup({ external: true });
    assert.deepEqual(
      await beforeEtcdChange(external.context, aPlan({ component: 'kube-apiserver', changes: [image] }), 2),
      {},
    );
  });

  test('that is damaged on its way refuses the change', async () => {
    const { context, state, files } = await setup();
    state.damage = 'digest';
    await assert.rejects(beforeEtcdChange(context, aPlan({}), 2), {
      name: 'PreflightError',
      message: 'no snapshot of etcd could be taken; nothing was changed',
    });
    assert.deepEqual(await files.list('/var/lib/bootstrap/snapshots'), []);
  });

  test('is done without where etcd does not answer, so that a change can repair it, unless etcd changes its version', async () => {
    for (const broken of [{ up: false }, { gateway: false }]) {
      const { context, state, said } = await setup();
      Object.assign(state, broken);
      assert.deepEqual(await beforeEtcdChange(context, aPlan({}), 2), {});
      assert.match(said[0] ?? '', /^warning: no snapshot of etcd is taken: /);
      await assert.rejects(beforeEtcdChange(context, aPlan({ changes: [image] }), 2), { name: 'PreflightError' });
    }
  });
});

describe('the peer URL of the member', () => {
  const moved = async () => {
    const all = await setup();
    all.files.seed(manifest, all.text.replace(/(initial-advertise-peer-urls=).*/, '$1https://192.0.2.99:2380'));
    return all;
  };

  test('becomes what the manifest on disk says, and again what it said before', async () => {
    const { context, state, files, text, items } = await moved();
    await afterEtcdChange(context);
    assert.deepEqual(state.members[0]?.peerURLs, ['https://192.0.2.99:2380']);
    assert.match(items[0]?.because ?? '', /its peer URL is https:\/\/192\.0\.2\.99:2380, was https:/);
    files.seed(manifest, text);
    await afterEtcdChange(context);
    assert.match(state.members[0]?.peerURLs.join() ?? '', /^https:\/\/(?!192\.0\.2\.99)/);
  });

  test('is left alone when it is right', async () => {
    const { context, state } = await moved();
    await afterEtcdChange(context);
    const { length } = state.calls;
    await afterEtcdChange(context);
    assert.deepEqual(
      state.calls.slice(length).map(({ method }) => method),
      ['cluster/member/list'],
    );
  });

  test('is asked for until there is a leader, for 5 s', async () => {
    const { context, state, clock } = await moved();
    state.up = false;
    const changed = afterEtcdChange(context);
    await clock.advance(3_000);
    state.up = true;
    await clock.advance(1_000);
    await changed;
    assert.deepEqual(state.members[0]?.peerURLs, ['https://192.0.2.99:2380']);
    state.up = false;
    const failed = assert.rejects(afterEtcdChange(context), /the peer URL of the etcd member could not be set/);
    await clock.advance(6_000);
    await failed;
  });

  test('that cannot be asked for without the gateway is a warning', async () => {
    const { context, state, said } = await moved();
    state.gateway = false;
    await afterEtcdChange(context);
    assert.match(said[0] ?? '', /^warning: the peer URL in etcd’s member list could not be compared: /);
  });
});
