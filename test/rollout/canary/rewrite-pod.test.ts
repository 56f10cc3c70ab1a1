import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Pod } from '../../../src/kube/types.ts';
import type { ComponentName } from '../../../src/manifests/component.ts';
import { rewritePod, untriable } from '../../../src/rollout/canary/rewrite-pod.ts';
import type { Scratch } from '../../../src/rollout/canary/scratch.ts';
import { aConfig } from '../../fakes/builders.ts';
import { renderedPods, withCommand } from '../../fakes/rollout-builders.ts';

const ports = {
  etcdClient: 1,
  etcdHttp: 2,
  etcdPeer: 3,
  etcdMetrics: 4,
  apiServer: 5,
  controllerManager: 6,
  scheduler: 7,
  closed: 8,
};
const scratch: Scratch = { directory: '/s', ports, addresses: [], files: new Map(), etcdScheme: 'https' };
const rewritten = (component: ComponentName, pod: Pod, missing: readonly string[] = []) =>
  rewritePod(component, pod, { scratch, missing: new Set(missing) }).pod;

describe('the pod of a canary', async () => {
  const manifests = await renderedPods(aConfig());
  const podOf = (component: ComponentName): Pod => {
    const found = manifests.get(component);
    assert.ok(found);
    return found.pod;
  };

  test('of etcd has a data directory of its own, also as a mount', () => {
    const { volumes = [], containers } = rewritten('etcd', podOf('etcd')).spec;
    assert.ok(!volumes.some(({ hostPath }) => hostPath?.path === '/var/lib/etcd'));
    assert.ok(!containers[0]?.volumeMounts?.some(({ mountPath }) => mountPath === '/var/lib/etcd'));
    assert.ok(volumes.some(({ hostPath }) => hostPath?.path === '/s/etcd'));
  });

  test('keeps image, environment, other mounts and security, and drops ports, probes and hooks', () => {
    const pod = podOf('kube-apiserver');
    const canary = rewritten('kube-apiserver', pod);
    const [main, own] = [canary.spec.containers[0], pod.spec.containers[0]];
    assert.deepEqual([main?.image, main?.resources, main?.env], [own?.image, own?.resources, own?.env]);
    assert.deepEqual(canary.spec.securityContext, pod.spec.securityContext);
    assert.deepEqual(main?.volumeMounts?.slice(0, -1), own?.volumeMounts);
    assert.deepEqual(
      [main?.ports, main?.livenessProbe, main?.startupProbe, main?.readinessProbe],
      Array(4).fill(undefined),
    );
    assert.equal(canary.metadata.name, 'canary-kube-apiserver');
  });

  test('makes nothing on the machine: what would be made is made in the scratch directory, what must be there is not', () => {
    const pod = podOf('kube-apiserver');
    const volumes = [
      { name: 'made', hostPath: { path: '/new', type: 'FileOrCreate' as const } },
      { name: 'any', hostPath: { path: '/any' } },
      { name: 'must', hostPath: { path: '/must', type: 'File' as const } },
    ];
    const [main, ...others] = pod.spec.containers;
    assert.ok(main);
    const volumeMounts = volumes.map(({ name, hostPath }) => ({ name, mountPath: hostPath.path }));
    const changed = { ...pod, spec: { ...pod.spec, volumes, containers: [{ ...main, volumeMounts }, ...others] } };
    const canary = rewritten('kube-apiserver', changed, ['/new', '/any', '/must']);
    assert.deepEqual(
      canary.spec.volumes?.slice(0, 3).map(({ hostPath }) => hostPath),
      [
        { path: '/s/kube-apiserver/volumes/made', type: 'FileOrCreate' },
        { path: '/s/kube-apiserver/volumes/any', type: 'DirectoryOrCreate' },
        { path: '/must', type: 'File' },
      ],
    );
  });

  test('mounts no file that is still to come and that it is told by another path', () => {
    const path = '/etc/kubernetes/scheduler.conf';
    const surroundings = { scratch: { ...scratch, files: new Map([[path, '/s/copy']]) }, missing: new Set([path]) };
    const { volumes, containers } = rewritePod('kube-scheduler', podOf('kube-scheduler'), surroundings).pod.spec;
    assert.deepEqual(
      volumes?.map(({ name }) => name),
      ['canary-scratch'],
    );
    assert.equal(containers[0]?.volumeMounts?.length, 1);
  });

  test('of etcd takes no directory or URL from its environment', () => {
    const pod = podOf('etcd');
    const [main] = pod.spec.containers;
    assert.ok(main);
    const env = ['ETCD_WAL_DIR', 'ETCD_DATA_DIR', 'ETCD_CONFIG_FILE', 'ETCD_SNAPSHOT_COUNT', 'TZ'].map((name) => ({
      name,
      value: 'x',
    }));
    const canary = rewritten('etcd', { ...pod, spec: { ...pod.spec, containers: [{ ...main, env }] } });
    assert.deepEqual(
      canary.spec.containers[0]?.env?.map(({ name }) => name),
      ['ETCD_SNAPSHOT_COUNT', 'TZ'],
    );
  });

  test('is not made where nobody can say what the command does', () => {
    const shell = withCommand(podOf('kube-scheduler'), (words) => ['sh', '-c', words.join(' ')]);
    assert.match(untriable('kube-scheduler', shell) ?? '', /begins with "sh/);
    const configured = withCommand(podOf('etcd'), () => ['etcd', '--config-file=/etc/etcd.yaml']);
    assert.match(untriable('etcd', configured) ?? '', /--config-file/);
    const variable = withCommand(podOf('kube-scheduler'), (words) => [...words, '--kubeconfig=$(CONF)']);
    assert.match(untriable('kube-scheduler', variable) ?? '', /--kubeconfig is made of variables/);
    for (const [component, { pod }] of manifests) assert.equal(untriable(component, pod), undefined);
  });
});
