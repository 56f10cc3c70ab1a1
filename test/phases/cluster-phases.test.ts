import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { secretsPath, tokenSecret } from '../../src/cluster/tokens.ts';
import type { BootstrapToken, Config } from '../../src/config/types.ts';
import { buildKubeconfig } from '../../src/kubeconfig/kubeconfig.ts';
import { bootstrapTokenPhase } from '../../src/phases/bootstrap-token.ts';
import type { InitContext } from '../../src/phases/context.ts';
import { initPhases } from '../../src/phases/init.ts';
import { kubeletFinalizePhase, pointedAt } from '../../src/phases/kubelet-finalize.ts';
import { markControlPlanePhase } from '../../src/phases/mark-control-plane.ts';
import { runPhases } from '../../src/phases/run.ts';
import { joinCommands } from '../../src/phases/show-join-command.ts';
import { uploadCertsPhase } from '../../src/phases/upload-certs.ts';
import { aConfig } from '../fakes/builders.ts';
import { aHost, anAgentDoor, anInitContext } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';
import { ObjectStore, refusal } from '../fakes/object-store.ts';

const credentials = { clientCertificate: 'certificate', clientKey: 'key' };
const adminConf = buildKubeconfig({
  ...{ clusterName: 'kubernetes', user: 'kubernetes-admin', ca: '', credentials },
  server: 'https://192.0.2.10:6443',
});

const drawn: BootstrapToken = {
  ...{ token: 'abcdef.0123456789abcdef', generated: true, description: '', ttlMs: 86_400_000, expires: undefined },
  ...{ usages: ['signing', 'authentication'], groups: ['system:bootstrappers:kubeadm:default-node-token'] },
};

const withTokens = (...bootstrapTokens: Config['init']['bootstrapTokens']) =>
  aConfig((config) => ({ ...config, init: { ...config.init, bootstrapTokens } }));

function world(change: Partial<InitContext> = {}) {
  const store = new ObjectStore();
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-public' } };
  store.objects.set('/api/v1/namespaces/kube-public', namespace);
  const files = new MemoryHost({ '/etc/kubernetes/admin.conf': adminConf });
  const context = anInitContext({
    ...{ host: aHost(files), kube: async () => store.client, applied: Promise.resolve([]) },
    ...change,
  });
  const { clock, signal } = context;
  const workflow = { phaseStarted: () => {}, phaseEnded: () => {} };
  const run = (phase: (typeof initPhases)[number]) => runPhases([phase], context, { clock, signal, workflow });
  return { store, files, context, run };
}

describe('mark-control-plane', () => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'node1', resourceVersion: '7' } };

  test('waits for the Node that the agent registers', async () => {
    const { store, context, run } = world();
    const done = run(markControlPlanePhase);
    await context.clock.advance(500);
    store.objects.set('/api/v1/nodes/node1', node);
    await context.clock.advance(50);
    await done;
    assert.equal(context.items[0]?.action, 'mark');
  });

  test('looks again when somebody changed the Node in between', async () => {
    const { store, context, run } = world();
    store.objects.set('/api/v1/nodes/node1', node);
    const conflicts = [refusal(409, 'Conflict')];
    store.fault = (call) => (call.startsWith('PATCH') ? conflicts.shift() : undefined);
    const done = run(markControlPlanePhase);
    await context.clock.advance(100);
    await done;
    assert.equal(context.items[0]?.action, 'mark');
  });

  test('has nothing to do where no Node is registered on purpose', () => {
    const { context } = world({ config: aConfig((config) => ({ ...config, kubelet: { registerNode: false } })) });
    assert.match(markControlPlanePhase.skip?.(context) ?? '', /registerNode: false/);
  });
});

describe('bootstrap-token', () => {
  test('a second run makes no second token, and the join line has the first', async () => {
    const first = world({ config: withTokens(drawn) });
    await first.run(bootstrapTokenPhase);
    assert.equal(first.context.items.find(({ item }) => item === 'token abcdef')?.action, 'create');
    const another = { ...drawn, token: 'zzzzzz.zzzzzzzzzzzzzzzz' };
    const second = world({ config: withTokens(another), kube: async () => first.store.client });
    const before = first.store.writes;
    await second.run(bootstrapTokenPhase);
    assert.equal(first.store.writes, before);
    assert.match((await joinCommands(second.context)).workers.join(), /--token abcdef\.0123456789abcdef/);
  });

  test('its report shows no secret', async () => {
    const { context, run } = world({ config: withTokens(drawn) });
    await run(bootstrapTokenPhase);
    assert.ok(!JSON.stringify([context.items, context.said]).includes('0123456789abcdef'));
  });
});

describe('upload-certs', () => {
  const joining = {
    ...{ uploadCerts: true, certificateKey: '0a'.repeat(32), skipTokenPrint: true, skipCertificateKeyPrint: true },
  };

  test('is done only when it is asked for', () => {
    assert.equal(uploadCertsPhase.skip?.(world().context), 'only with --upload-certs');
    assert.equal(uploadCertsPhase.skip?.(world({ joining }).context), undefined);
  });

  test('a second run with the same key and files writes nothing; other files replace all', async () => {
    const { store, files, context, run } = world({ joining });
    await files.makeDirectory('/etc/kubernetes/pki');
    await files.writeFile('/etc/kubernetes/pki/ca.key', 'one');
    await run(uploadCertsPhase);
    const before = store.writes;
    await run(uploadCertsPhase);
    assert.equal(store.writes, before);
    await files.writeFile('/etc/kubernetes/pki/ca.key', 'two');
    await run(uploadCertsPhase);
    const secrets = context.items.filter(({ item }) => item.endsWith('/kubeadm-certs'));
    assert.deepEqual(
      secrets.map(({ action }) => action),
      ['create', 'keep', 'update'],
    );
    assert.ok(store.calls.includes('DELETE /api/v1/namespaces/kube-system/secrets/kubeadm-certs'));
  });
});

test('join lines withhold what is not to be shown', async () => {
  const joining = {
    ...{ uploadCerts: true, certificateKey: '0a'.repeat(32), skipTokenPrint: true, skipCertificateKeyPrint: true },
  };
  const config = aConfig((given) => ({
    ...withTokens(drawn),
    cluster: { ...given.cluster, controlPlaneEndpoint: 'api.example.com:6443' },
  }));
  const { store, context } = world({ config, joining });
  store.objects.set(`${secretsPath}/bootstrap-token-abcdef`, tokenSecret(drawn, context.clock.now()));
  const { workers, controlPlane } = await joinCommands(context);
  assert.equal(workers[0], 'kubeadm join api.example.com:6443 --token <value withheld>');
  assert.match(controlPlane[0] ?? '', /--control-plane --certificate-key <value withheld>$/);
});

describe('kubelet-finalize', () => {
  const current = '/var/lib/kubelet/pki/kubelet-client-current.pem';
  const rotating = anAgentDoor({ configuration: async () => ({ rotateCertificates: true }) as never });

  async function finalize(files: Readonly<Record<string, string>>, agent = anAgentDoor()) {
    const made = world({ agent });
    await made.files.makeDirectory('/var/lib/kubelet/pki');
    for (const [path, text] of Object.entries(files)) await made.files.writeFile(path, text);
    const done = made.run(kubeletFinalizePhase);
    await made.context.clock.advance(4_000);
    await done;
    return made;
  }

  test('points kubelet.conf at the rotated certificate, and leaves it there', async () => {
    const { files, context, run } = await finalize({ [current]: 'pem', '/etc/kubernetes/kubelet.conf': adminConf });
    const text = (await files.readText('/etc/kubernetes/kubelet.conf')) ?? '';
    assert.match(text, new RegExp(`client-certificate: ${current}\\n\\s+client-key: ${current}`));
    assert.ok(!text.includes('client-key-data'));
    await run(kubeletFinalizePhase);
    assert.deepEqual(
      context.items.map(({ action }) => action),
      ['update', 'keep'],
    );
  });

  test('gives our agent a moment to put it there, and goes on without it', async () => {
    const { context } = await finalize({ '/etc/kubernetes/kubelet.conf': adminConf }, rotating);
    assert.deepEqual(context.items, [
      { item: 'kubelet.conf', action: 'keep', because: 'its certificate has not been rotated yet' },
    ]);
  });

  test('leaves alone what is no kubeconfig', () => {
    assert.equal(pointedAt('just: text', '/x'), undefined);
  });
});

test('without our agent, what takes a running control plane is left for later', () => {
  const config = aConfig((given) => ({ ...given, init: { ...given.init, skipPhases: ['start-agent'] } }));
  const context = anInitContext({ config });
  const skipped = initPhases.filter(({ skip }) => /start-agent is left out/.test(skip?.(context) ?? ''));
  assert.deepEqual(
    skipped.map(({ name }) => name),
    [
      ...['wait-control-plane', 'upload-config', 'mark-control-plane', 'bootstrap-token', 'kubelet-finalize'],
      ...['addon', 'record-revision', 'show-join-command'],
    ],
  );
});
