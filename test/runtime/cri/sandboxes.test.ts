import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createCriRuntime } from '../../../src/runtime/cri/cri-runtime.ts';
import type { ContainerRuntime, SandboxConfig } from '../../../src/runtime/runtime.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeCri } from '../../fakes/fake-cri.ts';
import { CriFailure } from '../../fakes/fake-cri-state.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { aSandboxConfig } from '../../fakes/runtime-builders.ts';

const parent = `/kube-bootstrap-0123abcd/kubepods/burstable/pod${aSandboxConfig().pod.uid}`;
const sandbox = (change: Partial<SandboxConfig> = {}) =>
  aSandboxConfig({ resources: { qos: 'Burstable', cpuShares: 102 }, ...change });

describe('the control groups of pods in a CRI runtime', () => {
  let cri: FakeCri;
  let runtime: ContainerRuntime;
  const log = recordingLog();
  const asked = () => cri.requestsOf('RunPodSandbox').map(({ config }) => config.linux.cgroupParent);

  beforeEach(async () => {
    cri = await new FakeCri().start();
    const host = Object.assign(new MemoryHost(), { cpuCount: () => 2 }) as never;
    const owner = '0123abcd4567';
    runtime = createCriRuntime({ host, clock: new FakeClock(), log, owner, socketPath: cri.socketPath });
  });

  afterEach(async () => {
    await runtime.close();
    await cri.stop();
  });

  it("are in this root directory's own tree, and no annotation of the pod tells of them", async () => {
    await runtime.createSandbox(sandbox({ annotations: { note: 'x' } }));
    assert.deepEqual(asked(), [parent]);
    const [seen] = await runtime.observePods();
    assert.deepEqual(seen?.sandboxes[0]?.annotations, { note: 'x' });
  });

  it('are done without where the runtime cannot use them, which is found out and said once', async () => {
    const why = new CriFailure(2, 'cgroups: cgroup mountpoint does not exist');
    cri.on('RunPodSandbox', ({ config }) => (config.linux.cgroupParent === '' ? undefined : why));
    await runtime.createSandbox(sandbox());
    await runtime.createSandbox(sandbox({ attempt: 1 }));
    assert.deepEqual(asked(), [parent, '', '']);
    const said = log.warnings.filter((text) => /cannot use the cgroup parent of pods on this host/.test(text));
    assert.equal(said.length, 1);
  });

  it('are not doubted for another failure, nor once they have worked', async () => {
    cri.on('RunPodSandbox', new CriFailure(2, 'no space left on device'));
    await assert.rejects(runtime.createSandbox(sandbox()), /no space left/);
    cri.on('RunPodSandbox', () => undefined);
    await runtime.createSandbox(sandbox());
    cri.on('RunPodSandbox', new CriFailure(2, 'cgroup is busy'));
    await assert.rejects(runtime.createSandbox(sandbox({ attempt: 1 })), /cgroup is busy/);
    assert.deepEqual(asked(), [parent, parent, parent]);
  });
});

describe('the image of sandboxes in a CRI runtime that does not tell of it', () => {
  it('is provided once the runtime says that it cannot be pulled', async () => {
    const cri = await new FakeCri().start();
    const ran: (readonly string[])[] = [];
    const host = Object.assign(new MemoryHost(), {
      cpuCount: () => 2,
      run: async (_program: string, args: readonly string[]) => {
        ran.push(args);
        return { code: 0, stdout: '', stderr: '' };
      },
    });
    const options = { clock: new FakeClock(), log: recordingLog(), owner: '0123abcd4567', socketPath: cri.socketPath };
    const runtime = createCriRuntime({ host: host as never, ...options });
    const { image } = sandbox();
    cri.state.images.push({ id: 'sha256:1', repoTags: [image], repoDigests: [], size: 1, uid: null, username: '' });
    const why = 'failed to pull image "registry.k8s.io/pause:3.10": failed to resolve image: no such host';
    cri.on('PullImage', new CriFailure(2, 'no such host'));
    cri.on('RunPodSandbox', () => (ran.length === 0 ? new CriFailure(2, why) : undefined));
    await runtime.createSandbox(sandbox());
    assert.deepEqual(ran[0]?.slice(-2), [image, 'registry.k8s.io/pause:3.10']);
    await runtime.close();
    await cri.stop();
  });
});
