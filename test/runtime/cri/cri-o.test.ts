import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { nodeHost } from '../../../src/host/node-host.ts';
import { createCriRuntime } from '../../../src/runtime/cri/cri-runtime.ts';
import type { ContainerRuntime, RuntimeEvent } from '../../../src/runtime/runtime.ts';
import { writeImageArchive } from '../../components/image-archive.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeCri } from '../../fakes/fake-cri.ts';
import { CriFailure } from '../../fakes/fake-cri-state.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { aContainerConfig, aSandboxConfig } from '../../fakes/runtime-builders.ts';
import { until } from '../../fakes/until.ts';

const unknown = 2;

describe('CRI-O', () => {
  let cri: FakeCri;
  let clock: FakeClock;
  let runtime: ContainerRuntime;
  let log: ReturnType<typeof recordingLog>;
  let ctr: { readonly code: number; readonly stdout: string; readonly stderr: string };

  beforeEach(async () => {
    cri = await new FakeCri().start();
    // It has none of containerd's own services.
    await cri.die();
    await cri.listen(['runtime.v1']);
    cri.on('Version', { runtimeName: 'cri-o', runtimeVersion: '1.30.4', runtimeApiVersion: 'v1' });
    cri.on('RuntimeConfig', { linux: { cgroupDriver: 'SYSTEMD' } });
    clock = new FakeClock();
    log = recordingLog();
    ctr = { code: 1, stdout: '', stderr: '' };
    const host = { ...nodeHost, run: async () => ctr };
    runtime = createCriRuntime({ host, clock, log, owner: 'root-1', socketPath: cri.socketPath });
  });

  afterEach(async () => {
    await runtime.close();
    await cri.stop();
  });

  it('names itself, and needs no sandbox image of us, since it shows no configuration', async () => {
    assert.deepEqual(await runtime.version(), { name: 'cri-o', version: '1.30.4', apiVersion: 'v1' });
    assert.deepEqual(await runtime.remarks?.(), []);
    await runtime.createSandbox(aSandboxConfig());
    assert.equal(cri.requestsOf('PullImage').length, 0);
  });

  it('says otherwise that a name is taken by what is half made', async () => {
    const sandbox = aSandboxConfig();
    const sandboxId = await runtime.createSandbox(sandbox);
    const id = await runtime.startContainer(sandboxId, sandbox, aContainerConfig());
    const taken = new CriFailure(unknown, 'error reserving ctr name k8s_app for id 0123: name is reserved');
    cri.on('CreateContainer', taken);
    assert.equal(await runtime.startContainer(sandboxId, sandbox, aContainerConfig()), id);
  });

  it('ends its stream of events at once where they are off: pods are listed each second then', async () => {
    cri.onStream('GetContainerEvents', async function* () {});
    const sandbox = aSandboxConfig();
    const sandboxId = await runtime.createSandbox(sandbox);
    const id = await runtime.startContainer(sandboxId, sandbox, aContainerConfig());
    const seen: RuntimeEvent[] = [];
    const stop = new AbortController();
    const reading = (async () => {
      for await (const event of runtime.events(stop.signal)) seen.push(event);
    })();
    // What they are compared with has been told.
    await until(() => cri.requestsOf('ListContainers').length > 0);
    cri.state.change(id, { state: 'CONTAINER_EXITED', exitCode: 1 });
    // Each second of the clock a list over a real socket.
    const isHinted = () => seen.some(({ pod }) => pod?.name === sandbox.pod.name);
    for (let tries = 0; tries < 1000 && !isHinted(); tries++) await clock.advance(1000);
    assert.ok(isHinted());
    stop.abort();
    await reading;
    assert.deepEqual(log.warnings, []);
  });

  it('cannot load an archive, and what can is said', async () => {
    const path = join(dirname(cri.socketPath), 'image.tar');
    const image = {
      reference: 'kube-bootstrap.test/a:1',
      architecture: 'amd64',
      config: { Entrypoint: ['/a'], Env: [] },
      entries: [],
    };
    await writeImageArchive(image, path);
    ctr = { ...ctr, stderr: 'ctr: unknown service containerd.services.content.v1.Content: unimplemented\n' };
    await assert.rejects(runtime.importArchive(path), ({ message, hint }: Error & { hint?: string }) => {
      assert.match(message, /this runtime is not containerd/);
      assert.match(hint ?? '', /skopeo copy docker-archive:FILE containers-storage:NAME/);
      return true;
    });
  });
});
