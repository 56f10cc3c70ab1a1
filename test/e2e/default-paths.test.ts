import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { program } from '../components/locations.ts';
import { bootstrap, eventually, expectCode, run } from './support/command.ts';

const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

test('as root on Docker at the default paths: k8s_ names, kubeadm reads it, reset leaves nothing', async (t) => {
  const before = (await run('docker', ['ps', '-aq'])).stdout;
  t.after(() => bootstrap(['reset', '--force']));
  expectCode(await bootstrap(['init', '--runtime', 'docker', '--apiserver-advertise-address', '127.0.0.1']), 0);
  const kubectl = (...args: string[]) =>
    run(program('kubectl'), ['--kubeconfig', '/etc/kubernetes/admin.conf', ...args]);
  assert.match(expectCode(await kubectl('get', '--raw', '/readyz?verbose'), 0).stdout, /readyz check passed/);

  const { stdout: names } = expectCode(await run('docker', ['ps', '--format', '{{.Names}}']), 0);
  const node = hostname().toLowerCase();
  for (const component of components) {
    for (const container of [component, 'POD']) {
      assert.match(names, new RegExp(`^k8s_${container}_${component}-${node}_kube-system_[0-9a-f]{32}_0$`, 'm'));
    }
  }

  const { stdout: table } = expectCode(await run(program('kubeadm'), ['certs', 'check-expiration']), 0);
  for (const name of ['admin.conf', 'super-admin.conf', 'apiserver', 'etcd-server', 'front-proxy-client', 'etcd-ca']) {
    assert.match(table, new RegExp(`^${name} .*no`, 'm'));
  }
  assert.doesNotMatch(table, /MISSING/);

  expectCode(await bootstrap(['reset', '--force']), 0);
  assert.ok(!existsSync('/etc/kubernetes'), 'reset leaves nothing of ours');
  await eventually(
    'our containers are gone',
    async () => (await run('docker', ['ps', '-aq'])).stdout === before || undefined,
  );
});
