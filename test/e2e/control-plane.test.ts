import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { eventually, expectCode, run } from './support/command.ts';
import { type Engine, engineOf, engineUnderTest, runtimes } from './support/engine.ts';
import { containerIds, Plane, restarts } from './support/plane.ts';
import { processesOf } from './support/processes.ts';

const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

for (const runtime of runtimes(['process', 'docker'])) {
  describe(`a control plane on ${runtime}`, () => {
    const plane = new Plane(runtime);
    before(async () => {
      expectCode(await plane.init(), 0);
    });
    after(() => plane.destroy());

    test('all four components are ready, none of them has restarted, and admin.conf rules', async () => {
      const { stdout } = expectCode(await plane.kubectl(['get', '--raw', '/readyz?verbose']), 0);
      assert.match(stdout, /readyz check passed/);
      expectCode(await plane.kubectl(['get', 'namespaces']), 0);
      assert.deepEqual(
        restarts(await plane.status()),
        Object.fromEntries(components.map((name) => [`${name}-node1`, 0])),
      );
    });

    test('controller-manager makes the objects of a Deployment and the scheduler says why its pod waits', async () => {
      expectCode(await plane.kubectl(['create', 'namespace', 'x']), 0);
      expectCode(await plane.kubectl(['-n', 'x', 'create', 'configmap', 'c', '--from-literal=a=b']), 0);
      expectCode(
        await plane.kubectl(['-n', 'x', 'create', 'deployment', 'd', '--image=registry.k8s.io/pause:3.10.2']),
        0,
      );
      const reason = await eventually('the scheduler says why the pod is Pending', async () => {
        const { stdout } = await plane.kubectl(['-n', 'x', 'get', 'pods', '-o', 'json']);
        const [pod] = JSON.parse(stdout).items;
        return pod?.status?.conditions?.find((item: { type: string }) => item.type === 'PodScheduled')?.message;
      });
      assert.match(reason, /0\/1 nodes are available/);
      const { stdout } = expectCode(await plane.kubectl(['-n', 'x', 'get', 'replicasets', '-o', 'name']), 0);
      assert.match(stdout, /replicaset.apps\/d-/);
    });

    test('a second init keeps everything as it is', async () => {
      const before = containerIds(await plane.status());
      const again = expectCode(await plane.init(), 0);
      assert.match(again.stderr + again.stdout, /keep/);
      assert.deepEqual(containerIds(await plane.status()), before);
    });

    test('an agent that is killed and started again restarts nothing', async () => {
      const before = containerIds(await plane.status());
      const pid = plane.agentPid();
      process.kill(pid, 'SIGKILL');
      expectCode(await plane.init(['phase', 'start-agent']), 0);
      assert.notEqual(plane.agentPid(), pid);
      assert.deepEqual(containerIds(await plane.status()), before);
    });

    for (const component of components) {
      test(`${component} comes back after kill -9`, async () => {
        const [victim] = processesOf(plane.root, component);
        assert.ok(victim !== undefined, `${component} runs`);
        process.kill(victim, 'SIGKILL');
        await eventually(`${component} runs again and is ready`, async () => {
          const status = await plane.status();
          assert.equal(restarts(status)[`${component}-node1`], 1);
          assert.equal(status.ready, true, JSON.stringify(status.pods.filter(({ ready }) => !ready)));
          return true;
        });
        expectCode(await plane.kubectl(['get', '--raw', '/readyz']), 0);
      });
    }

    test('every certificate verifies against its CA', async () => {
      const pki = plane.path('etc/kubernetes/pki');
      const chains: readonly (readonly [string, readonly string[]])[] = [
        ['ca.crt', ['apiserver.crt', 'apiserver-kubelet-client.crt']],
        ['front-proxy-ca.crt', ['front-proxy-client.crt']],
        [
          'etcd/ca.crt',
          ['etcd/server.crt', 'etcd/peer.crt', 'etcd/healthcheck-client.crt', 'apiserver-etcd-client.crt'],
        ],
      ];
      for (const [ca, leaves] of chains) {
        const paths = leaves.map((leaf) => `${pki}/${leaf}`);
        expectCode(await run('openssl', ['verify', '-x509_strict', '-CAfile', `${pki}/${ca}`, ...paths]), 0);
      }
    });

    test('after a reboot the agent alone brings everything back', async () => {
      process.kill(plane.agentPid(), 'SIGKILL');
      for (const component of components)
        for (const pid of processesOf(plane.root, component)) process.kill(pid, 'SIGKILL');
      if (runtime !== 'process') await removeContainers(plane, engineOf(runtime));
      rmSync(plane.path('run'), { recursive: true, force: true });
      expectCode(await plane.init(['phase', 'start-agent']), 0);
      await eventually('all four are ready', async () => {
        const status = await plane.status();
        return (status.pods.length === 4 && status.ready) || undefined;
      });
      const { stdout } = expectCode(await plane.kubectl(['-n', 'x', 'get', 'configmap', 'c', '-o', 'name']), 0);
      assert.match(stdout, /configmap\/c/);
    });
  });
}

test('two control planes on one machine and one engine do not touch each other', async (t) => {
  const one = new Plane(engineUnderTest);
  const other = new Plane(engineUnderTest);
  t.after(() => rmSync(other.root, { recursive: true, force: true }));
  t.after(() => one.destroy());
  expectCode(await one.init(), 0);
  expectCode(await other.init(), 0);
  const before = containerIds(await one.status());
  expectCode(await other.bootstrap(['reset', '--force']), 0);
  assert.deepEqual(processesOf(other.root, 'kube-apiserver'), []);
  assert.deepEqual(containerIds(await one.status()), before);
  expectCode(await one.kubectl(['get', '--raw', '/readyz']), 0);
});

test('reset removes what init made and nothing else', async (t) => {
  const plane = new Plane(runtimes(['process'])[0] ?? 'process');
  t.after(() => plane.destroy());
  expectCode(await plane.init(), 0);
  const foreign = plane.path('etc/kubernetes/pki/company-ca.crt');
  writeFileSync(foreign, 'not ours');
  const ran = expectCode(await plane.bootstrap(['reset', '--force']), 0);
  assert.deepEqual(readdirSync(plane.path('etc/kubernetes/pki')), ['company-ca.crt']);
  assert.match(ran.stdout + ran.stderr, /company-ca\.crt/);
  assert.ok(!existsSync(plane.path('var/lib/etcd')));
  assert.deepEqual(processesOf(plane.root, 'etcd'), []);
  expectCode(await plane.bootstrap(['reset', '--force']), 0);
});

/** Containers before their sandboxes, which take them along on some engines. */
async function removeContainers(plane: Plane, engine: Engine): Promise<void> {
  const all = await plane.inEngine();
  const sandboxes = all.filter(({ container }) => container === 'POD');
  const containers = all.filter((one) => !sandboxes.includes(one));
  for (const { id } of [...containers, ...sandboxes]) await engine.remove(id);
}
