import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nodeHost } from '../../src/host/node-host.ts';
import type { RuntimeEvent } from '../../src/runtime/runtime.ts';
import { recordingLog } from '../fakes/recording-log.ts';
import { DockerPods, docker, dockerRuntime, hasDocker } from './support/docker-pods.ts';

const pods = new DockerPods();

if (await hasDocker()) describe('pods on a real Docker Engine', realEngine);
else
  it('says that Docker cannot be reached where there is none', () =>
    assert.rejects(pods.runtime.version(), /cannot reach Docker/));

function realEngine(): void {
  before(() => pods.begin());
  after(() => pods.end());

  it('shows its pods in docker ps by the names and labels that dockershim gave', async () => {
    await pods.start('named', 'sleep 600', {
      labels: { tier: 'x' },
      annotations: { 'io.kubernetes.container.restartCount': '0' },
    });
    const format =
      '{{.Names}} {{.Label "io.kubernetes.docker.type"}} {{.Label "annotation.io.kubernetes.container.restartCount"}}';
    const { stdout } = await docker(
      'ps',
      '--filter',
      `label=io.kubernetes.pod.name=named`,
      '--filter',
      `label=kube-bootstrap/owner=${pods.owner}`,
      '--format',
      format,
    );
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.trim())
        .sort(),
      [`k8s_POD_named_e2e_${pods.tag}-named_0 podsandbox`, `k8s_app_named_e2e_${pods.tag}-named_0 container 0`],
    );
    const pod = await pods.pod('named');
    assert.equal(pod?.sandboxes[0]?.ready, true);
    const [container] = pod?.containers ?? [];
    assert.deepEqual(
      [container?.state, container?.image, container?.imageId],
      ['running', pods.reference, pods.image.id],
    );
    assert.equal(container?.labels.tier, 'x');
    assert.deepEqual(container?.annotations, { 'io.kubernetes.container.restartCount': '0' });
  });

  it('hints at the pod within a moment when something outside kills a container', async () => {
    const { id, sandbox } = await pods.start('killed', 'sleep 600');
    const stop = new AbortController();
    const seen: (RuntimeEvent & { atMs: number })[] = [];
    const reading = (async () => {
      for await (const event of pods.runtime.events(stop.signal)) seen.push({ ...event, atMs: Date.now() });
    })();
    while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(seen[0]?.pod, undefined);
    assert.equal((await pods.pod('killed'))?.containers[0]?.state, 'running');
    await docker('kill', id);
    const died = await pods.exited('killed');
    while (!seen.some(({ what }) => what === 'die app')) await new Promise((resolve) => setTimeout(resolve, 5));
    const hint = seen.find(({ what }) => what === 'die app');
    assert.deepEqual(hint?.pod, sandbox.pod);
    assert.ok((hint?.atMs ?? 0) - (died.finishedAtMs ?? 0) < 1000);
    assert.equal(died.exitCode, 137);
    stop.abort();
    await reading;
  });

  it("keeps two roots on one engine apart, and names the other's sandbox of the same pod name", async () => {
    const other = dockerRuntime(`${pods.owner}-other`);
    await pods.start('shared', 'sleep 600');
    const theirs = pods.sandbox('shared', { pod: { name: 'shared', namespace: 'e2e', uid: `${pods.tag}-other` } });
    const theirId = await other.createSandbox(theirs);
    assert.deepEqual(
      (await pods.pod('shared', other))?.sandboxes.map(({ id }) => id),
      [theirId],
    );
    assert.equal((await pods.runtime.observePods({ namespace: 'e2e', name: 'shared' })).length, 1);
    assert.deepEqual(await pods.runtime.foreignPods({ namespace: 'e2e', name: 'shared' }), [
      `k8s_POD_shared_e2e_${pods.tag}-other_0`,
    ]);
    const same = pods.sandbox('shared');
    const suffixed = await other.createSandbox(same);
    const { stdout } = await docker('inspect', '--format', '{{.Name}}', suffixed);
    assert.match(stdout, /_0_[0-9a-f]{8}$/m);
    for (const id of [theirId, suffixed]) await other.removeSandbox(id);
    assert.equal((await pods.pod('shared'))?.sandboxes[0]?.ready, true);
    await other.close();
  });

  it('gives a pod off the host network an address, published ports and the DNS that is asked for', async () => {
    const ports = [
      {
        containerPort: 80,
        hostPort: 18_000 + Math.floor(Math.random() * 1000),
        hostIP: '127.0.0.1',
        protocol: 'TCP' as const,
      },
    ];
    const dns = { servers: ['192.0.2.53'], searches: ['e2e.svc.cluster.local'], options: ['ndots:5'] };
    const { id, sandboxId } = await pods.start('bridged', 'sleep 600', {}, { hostNetwork: false, ports, dns });
    const [sandbox] = (await pods.pod('bridged'))?.sandboxes ?? [];
    assert.match(sandbox?.ips[0] ?? '', /^\d+\.\d+\.\d+\.\d+$/);
    const { stdout } = await docker('port', sandboxId);
    assert.match(stdout, new RegExp(`80/tcp -> 127.0.0.1:${ports[0]?.hostPort}`));
    const { output } = await pods.runtime.exec(
      id,
      ['/bin/cat', '/etc/resolv.conf', '/proc/sys/kernel/hostname'],
      10_000,
    );
    for (const line of ['nameserver 192.0.2.53', 'search e2e.svc.cluster.local', 'options ndots:5'])
      assert.ok(output.includes(line));
    assert.ok(output.includes('web-node1'));
  });

  it('gives a pod on the host network the DNS that is asked for too, and no address of its own', async () => {
    const dns = { servers: ['192.0.2.53'], searches: [], options: [] };
    const { id } = await pods.start('on-host', 'sleep 600', {}, { dns });
    assert.deepEqual((await pods.pod('on-host'))?.sandboxes[0]?.ips, []);
    const { output } = await pods.runtime.exec(id, ['/bin/cat', '/etc/resolv.conf'], 10_000);
    assert.match(output, /nameserver 192\.0\.2\.53/);
    assert.doesNotMatch(output, /search/);
  });

  it('sets a negative oom_score_adj where dockerd may, else runs with 0 and says so once', async () => {
    const { id } = await pods.start('precious', 'sleep 600', { resources: { oomScoreAdj: -997 } });
    const { output } = await pods.runtime.exec(id, ['/bin/cat', '/proc/1/oom_score_adj'], 10_000);
    const warnings = pods.log.warnings.filter((text) => text.includes('oom_score_adj'));
    if (warnings.length === 0) assert.equal(output.trim(), '-997');
    else assert.equal(output.trim(), '0');
    const next = recordingLog();
    // Without the hint that /proc gives, by a start that fails.
    const host = { ...nodeHost, readText: async () => undefined };
    const blind = dockerRuntime(pods.owner, next, host);
    await blind.createSandbox(pods.sandbox('blind'));
    await blind.createSandbox(pods.sandbox('blind', { attempt: 1 }));
    assert.equal(next.warnings.length, Math.min(warnings.length, 1));
    assert.deepEqual(
      (await pods.pod('blind'))?.sandboxes.map(({ attempt, ready }) => [attempt, ready]),
      [
        [1, true],
        [0, true],
      ],
    );
    await blind.close();
  });

  it('removes a sandbox with all that is in it', async () => {
    const { sandboxId } = await pods.start('gone', 'sleep 600');
    await pods.runtime.stopSandbox(sandboxId);
    assert.equal((await pods.pod('gone'))?.sandboxes[0]?.ready, false);
    await pods.runtime.removeSandbox(sandboxId);
    assert.equal(await pods.pod('gone'), undefined);
    await pods.runtime.removeSandbox(sandboxId);
    await pods.runtime.stopSandbox(sandboxId);
  });
}
