/** Mirror pods and events on a real API server; M, G and A: rows of the kubelet's acceptance catalogue (test/README.md). */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, it, type TestContext } from 'node:test';
import type { Pod } from '../../src/kube/types.ts';
import { annotations } from '../../src/runtime/labels.ts';
import { eventually, expectCode } from './support/command.ts';
import { runtimes } from './support/engine.ts';
import { idsOf, isReady, MirrorPlane, restartsOf } from './support/mirror-plane.ts';

for (const runtime of runtimes(['process'])) {
  const plane = new MirrorPlane(runtime);
  const uidOf = (pod: Pod | undefined) => pod?.metadata.uid;

  describe(`mirror pods on ${runtime}`, () => {
    before(() => plane.begin());
    after(() => plane.destroy());

    it('of the control plane are Ready and say what its containers are', async () => {
      const { pods } = await plane.status();
      assert.equal(pods.length, 4);
      const node = await plane.api.get<{ metadata: { uid: string } }>('/api/v1/nodes/node1');
      for (const { name, status } of pods) {
        const pod = await plane.ready(name.replace(/-node1$/, ''), 'kube-system');
        const own = pod.metadata.annotations ?? {};
        assert.equal(own[annotations.configMirror], own[annotations.configHash]);
        assert.equal(own[annotations.configSource], 'file');
        assert.ok(own[annotations.configSeen]);
        assert.deepEqual(pod.metadata.ownerReferences, [
          { apiVersion: 'v1', kind: 'Node', name: 'node1', uid: node?.metadata.uid, controller: true },
        ]);
        assert.equal(pod.status?.qosClass, 'Burstable');
        assert.deepEqual(
          idsOf(pod),
          status.containerStatuses.map(({ containerID }) => containerID),
        );
      }
    });

    describe('follow their static pods', { concurrency: 8 }, () => {
      it('another image is another mirror pod with the new image (M1, M6b)', async () => {
        plane.put(plane.aPod('m1').main('app'));
        const first = await plane.ready('m1');
        plane.put(plane.aPod('m1').main('app', {}, { image: plane.image('new') }));
        const second = await plane.until('m1', 'is another', (pod) => isReady(pod) && uidOf(pod) !== uidOf(first));
        assert.equal(second.spec.containers[0]?.image, plane.image('new'));
        assert.equal(second.metadata.generation, 1);
        assert.ok(!('observedGeneration' in (second.status ?? {})));
      });

      it('another activeDeadlineSeconds or init image is another mirror pod of generation 1 (M6a, M6c)', async () => {
        const aPod = (spec: Record<string, unknown>, image: string) =>
          plane.aPod('m6', spec).init('first', {}, { image }).main('app');
        plane.put(aPod({}, plane.image()));
        const uids = [uidOf(await plane.ready('m6'))];
        for (const [spec, image] of [
          [{ activeDeadlineSeconds: 3600 }, plane.image()],
          [{ activeDeadlineSeconds: 3600 }, plane.image('new')],
        ] as const) {
          plane.put(aPod(spec, image));
          const next = await plane.until('m6', 'is another', (pod) => isReady(pod) && !uids.includes(uidOf(pod)));
          uids.push(uidOf(next));
          assert.equal(next.metadata.generation, 1);
        }
      });

      it('deleted gracefully or by force they come back, and the containers notice nothing (M2, M3)', async () => {
        plane.put(plane.aPod('m2').main('app'));
        let last = await plane.ready('m2');
        for (const force of [[], ['--force', '--grace-period=0']]) {
          expectCode(await plane.kubectl(['delete', 'pod', 'm2-node1', '--wait=false', ...force]), 0);
          const next = await plane.until('m2', 'is back', (pod) => isReady(pod) && uidOf(pod) !== uidOf(last));
          assert.deepEqual(idsOf(next), idsOf(last));
          assert.equal(restartsOf(next), 0);
          last = next;
        }
      });

      it('edited through the API they are restored, and the containers notice nothing', async () => {
        plane.put(plane.aPod('edited', {}, { labels: { app: 'x' } }).main('app'));
        const first = await plane.ready('edited');
        expectCode(await plane.kubectl(['label', 'pod', 'edited-node1', 'app=forged', '--overwrite']), 0);
        await plane.until('edited', 'has its label', (pod) => isReady(pod) && pod.metadata.labels?.app === 'x');
        expectCode(await plane.kubectl(['set', 'image', 'pod/edited-node1', 'app=other:1']), 0);
        const last = await plane.until(
          'edited',
          'has its image',
          (pod) => isReady(pod) && pod.spec.containers[0]?.image === plane.image(),
        );
        const forged = JSON.stringify({
          status: { phase: 'Failed', podIP: '192.0.2.1', podIPs: [{ ip: '192.0.2.1' }] },
        });
        const patch = ['patch', 'pod', 'edited-node1', '--subresource=status', '--type=merge', '-p', forged];
        expectCode(await plane.kubectl(patch), 0);
        const restored = await plane.until('edited', 'has its status', (pod) => pod.status?.phase === 'Running');
        assert.deepEqual(restored.status?.podIPs, first.status?.podIPs);
        assert.equal(uidOf(restored), uidOf(last));
        assert.deepEqual(idsOf(restored), idsOf(first));
      });

      it('a file that goes and comes back while the pod stops: it runs again with one restart (M4)', async () => {
        const pod = plane.aPod('m4', { terminationGracePeriodSeconds: 60 }).main('app', { termination: 'let go' });
        plane.put(pod);
        await plane.ready('m4');
        plane.removeManifest('m4');
        await eventually('it stops', async () => (await plane.events('m4-node1')).some(isKilling));
        plane.put(pod);
        plane.put(plane.aPod('m4-after').main('app'));
        await plane.ready('m4-after');
        pod.touch('let-go');
        await plane.until('m4', 'runs again', (mirror) => isReady(mirror) && restartsOf(mirror) === 1);
        plane.removeManifest('m4');
        await plane.gone('m4');
      });

      it('a removed file leaves the mirror pod Running under the same UID until the grace period is over (G1)', async () => {
        const pod = plane.aPod('g1', { terminationGracePeriodSeconds: 3 }).main('app', { deaf: true });
        plane.put(pod);
        const { metadata } = await plane.ready('g1');
        plane.removeManifest('g1');
        await plane.gone('g1');
        const all = await plane.history.of('g1');
        const moments = all.filter(({ pod: seen }) => isReady(seen) || uidOf(seen) === metadata.uid);
        assert.deepEqual([...new Set(moments.map(({ pod: seen }) => uidOf(seen)))], [metadata.uid]);
        const last = moments.findLast(({ type, pod: seen }) => type !== 'DELETED' && isReady(seen))?.pod;
        assert.equal(last?.status?.phase, 'Running');
      });

      it('of 60 edits in the grace period only the last one gets a mirror pod (G2, G3)', async () => {
        const aPod = (label: string) =>
          plane
            .aPod('g3', { terminationGracePeriodSeconds: 120 }, { labels: { edit: label } })
            .main('app', { termination: 'let go' });
        const pod = aPod('none');
        plane.put(pod);
        const first = await plane.ready('g3');
        for (let edit = 1; edit <= 60; edit++) {
          plane.put(aPod(`e${edit}`));
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        plane.put(plane.aPod('g3-after').main('app'));
        await plane.ready('g3-after');
        pod.touch('let-go');
        await plane.until('g3', 'is the last', (seen) => isReady(seen) && seen.metadata.labels?.edit === 'e60');
        const moments = await plane.history.of('g3');
        const labels = [...new Set(moments.map(({ pod: seen }) => seen.metadata.labels?.edit))];
        assert.deepEqual(labels, ['none', 'e60']);
        const old = moments.filter(({ type, pod: seen }) => type === 'MODIFIED' && uidOf(seen) === uidOf(first));
        assert.ok(
          old.filter(({ pod: seen }) => isReady(seen)).every(({ pod: seen }) => seen.status?.phase === 'Running'),
        );
      });

      it('a readiness probe that fails while the pod stops is seen at once', async () => {
        const pod = plane.aPod('unready', { terminationGracePeriodSeconds: 8 });
        plane.put(pod.main('app', { deaf: true }, { readinessProbe: pod.probeUnless('down') }));
        await plane.ready('unready');
        plane.removeManifest('unready');
        await eventually('it stops', async () => (await plane.events('unready-node1')).some(isKilling));
        pod.touch('down');
        await plane.gone('unready');
        const unready = (await plane.history.of('unready'))
          .filter(({ type, pod: seen }) => type === 'MODIFIED' && seen.status?.containerStatuses?.[0]?.state.running)
          .filter(({ pod: seen }) => !isReady(seen));
        assert.ok(unready.length > 0, 'not ready while it still ran');
      });

      it('a policy that denies it is a visible reason, and the pod runs (A23)', async (t) => {
        await denied(t, 'policy', denyingPolicy('policy'));
      });

      it('a webhook that does not answer in time is one as well (A23)', async (t) => {
        const silent = createServer(() => {});
        const port = await new Promise<number>((resolve) => {
          silent.listen(0, '127.0.0.1', () => resolve(Number((silent.address() as { port: number }).port)));
        });
        t.after(() => void silent.close());
        silent.unref();
        await denied(t, 'webhook', [silentWebhook('webhook', port)]);
      });

      it('a pod bound by hand gets one warning event and is left as it is, and can be deleted', async () => {
        const metadata = { name: 'byhand', namespace: 'default' };
        const containers = [{ name: 'app', image: plane.image() }];
        const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'node1', containers } };
        await eventually('the service account is there', () =>
          plane.api.create('/api/v1/namespaces/default/pods', pod),
        );
        const told = await eventually('it is told of', async () => {
          const events = await plane.events('byhand');
          return events.length > 0 ? events : undefined;
        });
        assert.deepEqual(
          told.map(({ type, reason }) => [type, reason]),
          [['Warning', 'OutOfpods']],
        );
        const path = '/api/v1/namespaces/default/pods/byhand';
        const found = await plane.api.get<Pod>(path);
        assert.equal(found?.status?.phase, 'Pending');
        expectCode(await plane.kubectl(['delete', 'pod', 'byhand', '--timeout=20s']), 0);
      });

      it('a mirror pod that nobody knows is removed', async () => {
        const metadata = { name: 'ghost', namespace: 'default', annotations: { [annotations.configMirror]: 'x' } };
        const containers = [{ name: 'app', image: plane.image() }];
        const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'node1', containers } };
        assert.ok(await plane.api.create('/api/v1/namespaces/default/pods', pod));
        const path = '/api/v1/namespaces/default/pods/ghost';
        await eventually('it goes', async () => (await plane.api.get(path)) === undefined);
      });

      it('in a namespace that is made later they come then', async () => {
        plane.put(plane.aPod('later', {}, { namespace: 'later' }).main('app'));
        await eventually('status says so', async () => /namespaces "later" not found/.test(await problems(plane)));
        expectCode(await plane.kubectl(['create', 'namespace', 'later']), 0);
        await plane.ready('later', 'later');
      });

      it('kubectl describe shows the kubelet’s events', async () => {
        const pod = plane.aPod('told');
        const livenessProbe = pod.probeUnless('sick');
        plane.put(pod.main('app', {}, { livenessProbe }));
        await plane.ready('told');
        pod.touch('sick');
        const expected = [
          /Normal +Pull(ed|ing) .*kubelet .*spec\.containers\{app\}/,
          /Normal +Created .*Container created/,
          /Normal +Started .*Container started/,
          /Warning +Unhealthy .*Liveness probe failed/,
          /Normal +Killing .*Container app failed liveness probe, will be restarted/,
          /Warning +BackOff .*Back-off restarting failed container app in pod told-node1_default\(/,
        ];
        await eventually('all are there', async () => {
          const { stdout } = expectCode(await plane.kubectl(['describe', 'pod', 'told-node1']), 0);
          const missing = expected.filter((words) => !words.test(stdout));
          if (missing.length > 0) throw new Error(`${missing.join(', ')} in ${stdout}`);
          return true;
        });
      });
    });

    it('a Node that is deleted comes back, and its mirror pods have the new one as their owner (A24)', async () => {
      const path = '/api/v1/nodes/node1';
      type Node = { readonly metadata: { readonly uid: string } };
      const before = await plane.api.get<Node>(path);
      const etcd = await plane.ready('etcd', 'kube-system');
      await plane.api.remove(path);
      const node = await eventually('the Node is back', async () => {
        const found = await plane.api.get<Node>(path);
        return found?.metadata.uid === before?.metadata.uid ? undefined : found;
      });
      const isOwned = (pod: Pod) => pod.metadata.ownerReferences?.[0]?.uid === node.metadata.uid;
      const again = await plane.until('etcd', 'is owned', (pod) => isReady(pod) && isOwned(pod), 'kube-system');
      assert.deepEqual(idsOf(again), idsOf(etcd));
    });

    it('an agent that is killed and started again leaves them as they are (M8), and removes what it finds gone', async () => {
      const pod = plane.aPod('m8');
      const probes = {
        startupProbe: pod.probe('app.started', { failureThreshold: 60 }),
        readinessProbe: pod.probe('app.started'),
      };
      plane.put(pod.main('app', {}, probes));
      plane.put(plane.aPod('orphan').main('app'));
      const first = await plane.ready('m8');
      await plane.ready('orphan');
      plane.endAgent();
      const before = (await plane.history.of('m8')).length;
      plane.removeManifest('orphan');
      await plane.startAgent();
      await plane.gone('orphan');
      const last = await plane.ready('m8');
      assert.equal(uidOf(last), uidOf(first));
      assert.deepEqual(idsOf(last), idsOf(first));
      assert.equal(restartsOf(last), 0);
      const since = (await plane.history.of('m8')).slice(before);
      assert.deepEqual(
        since.filter(({ pod: seen }) => !isReady(seen)).map(({ pod: seen }) => seen.status?.containerStatuses),
        [],
        'ready all the time',
      );
    });

    it('while the API server is away pods change without waiting, and are shown when it is back', async () => {
      const pod = plane.aPod('away').main('app');
      plane.put(pod);
      const first = await plane.ready('away');
      const bringBack = plane.hide('kube-apiserver');
      await eventually('the API server is gone', async () => {
        const answer = await plane.api.raw('/livez').catch(() => undefined);
        return answer === undefined;
      });
      plane.put(plane.aPod('away', {}, { labels: { new: 'yes' } }).main('app', { script: 'say new' }));
      await eventually('the new pod runs', () => plane.order(pod).count('app new') === 1);
      bringBack();
      const last = await plane.until(
        'away',
        'is the new one',
        (seen) => isReady(seen) && seen.metadata.labels?.new === 'yes',
      );
      assert.notEqual(uidOf(last), uidOf(first));
    });
  });

  /** The pod runs, `status` and an event say why the cluster does not show it; it does as soon as it may. */
  const denied = async (t: TestContext, name: string, objects: readonly object[]) => {
    for (const object of objects) expectCode(await plane.kubectl(['apply', '-f', '-'], JSON.stringify(object)), 0);
    const remove = async () => {
      const list = { apiVersion: 'v1', kind: 'List', items: objects };
      await plane.kubectl(['delete', '--ignore-not-found', '-f', '-'], JSON.stringify(list));
    };
    t.after(remove);
    await eventually('the denial is in force', async () => {
      const probe = { apiVersion: 'v1', kind: 'Pod', metadata: { name: `${name}-probe`, labels: { denied: name } } };
      const spec = { containers: [{ name: 'app', image: 'x' }] };
      const ran = await plane.kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify({ ...probe, spec }));
      return ran.code !== 0 && /denied|failed calling webhook/.test(ran.stderr);
    });
    const pod = plane.aPod(name, {}, { labels: { denied: name } }).main('app');
    plane.put(pod);
    await eventually('the pod runs', () => plane.order(pod).count('app Started') === 1);
    const reason = new RegExp(
      `default/${name}-node1 runs, but the cluster does not show it: .*(denied|deadline|timeout)`,
    );
    await eventually('status says so', async () => reason.test(await problems(plane)), 60_000);
    // Events are sent one after the other, and nothing waits for them.
    await eventually('an event says so', async () =>
      (await plane.events(`${name}-node1`)).some(
        ({ type, reason }) => type === 'Warning' && reason === 'FailedMirrorPod',
      ),
    );
    assert.equal(await plane.mirror(name), undefined);
    await remove();
    assert.equal(restartsOf(await plane.ready(name)), 0);
    await eventually('status says so no more', async () => !reason.test(await problems(plane)));
  };
}

function isKilling({ reason }: { readonly reason: string }): boolean {
  return reason === 'Killing';
}

async function problems(plane: MirrorPlane): Promise<string> {
  const { stdout } = await plane.bootstrap(['status']);
  return stdout;
}

function denyingPolicy(label: string): readonly object[] {
  const metadata = { name: `deny-${label}` };
  const group = 'admissionregistration.k8s.io/v1';
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }];
  const objectSelector = { matchLabels: { denied: label } };
  const validations = [{ expression: 'false', message: 'denied by a test' }];
  return [
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: { matchConstraints: { resourceRules, objectSelector }, validations },
    },
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: metadata.name, validationActions: ['Deny'] },
    },
  ];
}

function silentWebhook(label: string, port: number): object {
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }];
  const webhook = {
    name: 'silent.example.com',
    clientConfig: { url: `https://127.0.0.1:${port}/` },
    rules,
    objectSelector: { matchLabels: { denied: label } },
    sideEffects: 'None',
    timeoutSeconds: 1,
    failurePolicy: 'Fail',
    admissionReviewVersions: ['v1'],
  };
  const metadata = { name: `silent-${label}` };
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata,
    webhooks: [webhook],
  };
}
