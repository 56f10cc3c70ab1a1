import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CriClient } from '../../../src/runtime/cri/client.ts';
import { findImage, importArchive, listImages, pullImage, removeImage } from '../../../src/runtime/cri/images.ts';
import { KnownPods } from '../../../src/runtime/cri/known-pods.ts';
import { provideSandboxImage } from '../../../src/runtime/cri/sandbox-image.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeCri } from '../../fakes/fake-cri.ts';
import { CriFailure } from '../../fakes/fake-cri-state.ts';
import { dockerArchive, temporaryFile } from '../../fakes/images.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { until } from '../../fakes/until.ts';

const app = {
  id: 'sha256:1111',
  repoTags: ['registry.example/app:1'],
  repoDigests: ['registry.example/app@sha256:2222'],
  size: 7,
  uid: { value: 65534 },
  username: '',
};
const pause = { ...app, id: 'sha256:3333', repoTags: ['registry.k8s.io/pause:3.10.2'], repoDigests: [] };
const anArchive = () => dockerArchive([{ tags: ['registry.example/app:1'], layers: [] }]);
const direct = { hasMirrors: false };

describe('images of a CRI runtime', () => {
  let cri: FakeCri;
  let client: CriClient;
  let clock: FakeClock;
  let ran: string[][];
  const warnings: string[] = [];

  /** `ctr` as it goes with the test; connections go nowhere unless they are said to. */
  const context = (ctr: () => { code: number; stderr: string }, connectTcp = async () => {}) => {
    const run = async (command: string, words: readonly string[]) => {
      ran.push([command, ...words]);
      return { stdout: '', ...ctr() };
    };
    const host = Object.assign(new MemoryHost(), { run, connectTcp });
    const common = { log: recordingLog(), owner: 'root-1', socketPath: cri.socketPath, known: new KnownPods() };
    return { ...common, client, clock, host: host as never, warn: (text: string) => void warnings.push(text) };
  };
  const fine = () => ({ code: 0, stderr: '' });
  const unreachable = async () => {
    throw new Error('connect EHOSTUNREACH');
  };

  beforeEach(async () => {
    cri = await new FakeCri().start();
    clock = new FakeClock();
    client = new CriClient({ socketPath: cri.socketPath, clock });
    ran = [];
    warnings.length = 0;
  });

  afterEach(async () => {
    client.close();
    await cri.stop();
  });

  it('are found by name and by content, with their user', async () => {
    cri.state.images.push(app);
    const found = await findImage(client, 'registry.example/app:1');
    assert.deepEqual([found?.id, found?.user, found?.sizeBytes], ['sha256:1111', '65534', 7]);
    assert.equal((await findImage(client, 'sha256:1111'))?.tags[0], 'registry.example/app:1');
    assert.equal(await findImage(client, 'registry.example/other:1'), undefined);
    assert.equal((await listImages(client)).length, 1);
  });

  it('are not taken away while a container is made from them', async () => {
    cri.state.images.push(app);
    cri.on('ListContainers', { containers: [{ ...(await aContainer()), imageRef: 'sha256:1111' }] });
    await assert.rejects(removeImage(client, 'sha256:1111'), /cannot remove image \S+app:1: container abc uses it/);
    cri.on('ListContainers', { containers: [] });
    await removeImage(client, 'sha256:1111');
    await removeImage(client, 'sha256:1111');
    assert.deepEqual(cri.state.images, []);
  });

  it("are loaded by containerd's own program, and awaited until CRI knows them", async (test) => {
    const archive = temporaryFile(test, anArchive());
    const tags = await importArchive(
      context(() => {
        cri.state.images.push(app);
        return fine();
      }),
      archive,
    );
    assert.deepEqual(tags, ['registry.example/app:1']);
    const words = ['--address', cri.socketPath, '--namespace', 'k8s.io', 'images', 'import', archive];
    assert.deepEqual(ran, [['ctr', ...words]]);
  });

  it('say why they cannot be loaded: by ctr, or because there is none', async (test) => {
    const archive = temporaryFile(test, anArchive());
    const full = context(() => ({ code: 1, stderr: 'unpacking\nctr: no space left on device\n' }));
    await assert.rejects(importArchive(full, archive), /cannot load \S+: ctr: no space left on device/);
    const without = context(() => {
      throw Object.assign(new Error('spawn ctr ENOENT'), { code: 'ENOENT' });
    });
    await assert.rejects(importArchive(without, archive), (thrown: Error & { hint?: string }) => {
      assert.match(thrown.message, /CRI has no way to do it, and containerd's program ctr is not here/);
      assert.match(thrown.hint ?? '', /skopeo/);
      return true;
    });
  });

  it('are pulled with the login for their registry', async () => {
    cri.on('PullImage', () => {
      cri.state.images.push(app);
      return { imageRef: app.id };
    });
    const credentials = { username: 'me', password: 'secret' };
    const pulled = await pullImage(context(fine), direct, { reference: 'registry.example/app:1', credentials });
    assert.equal(pulled.id, 'sha256:1111');
    const [request] = cri.requestsOf('PullImage');
    assert.deepEqual([request?.auth?.username, request?.auth?.serverAddress], ['me', '']);
  });

  it('are given up after 5 s without a connection to their registry, unless they may come from mirrors', async () => {
    cri.on('PullImage', 'hang');
    const wanted = { reference: 'registry.example/app:1' };
    const pull = assert.rejects(
      pullImage(context(fine, unreachable), direct, wanted),
      /no connection to registry\.example within 5 s \(connect EHOSTUNREACH\)/,
    );
    await until(() => cri.requestsOf('PullImage').length === 1);
    await clock.advance(5000);
    await pull;
    const stop = new AbortController();
    const mirrored = pullImage(context(fine, unreachable), { hasMirrors: true }, { ...wanted, signal: stop.signal });
    const stopped = assert.rejects(mirrored, /enough/);
    await until(() => cri.requestsOf('PullImage').length === 2);
    await clock.advance(60_000);
    stop.abort(new Error('enough'));
    await stopped;
  });

  it('give the sandbox image its name where that cannot be had', async () => {
    cri.state.images.push(pause);
    cri.on('PullImage', new CriFailure(2, 'no such host'));
    const facts = { sandboxImage: 'registry.k8s.io/pause:3.6', hasMirrors: false };
    await provideSandboxImage(context(fine), facts, 'registry.k8s.io/pause:3.10.2');
    assert.deepEqual(ran[0]?.slice(5), ['images', 'tag', 'registry.k8s.io/pause:3.10.2', 'registry.k8s.io/pause:3.6']);
    assert.match(warnings.join(), /sandbox image registry\.k8s\.io\/pause:3\.6 cannot be had \(.*no such host\)/);
    cri.state.images.length = 0;
    await assert.rejects(provideSandboxImage(context(fine), facts, 'registry.k8s.io/pause:3.10.2'), /is not here: /);
  });

  it('are left alone when the sandbox image is there, is ours, or is not known', async () => {
    cri.state.images.push(pause);
    const ours = 'registry.k8s.io/pause:3.10.2';
    for (const sandboxImage of [ours, undefined]) {
      await provideSandboxImage(context(fine), { sandboxImage, hasMirrors: false }, ours);
    }
    cri.state.images.push({ ...pause, repoTags: ['registry.k8s.io/pause:3.6'] });
    await provideSandboxImage(context(fine), { sandboxImage: 'registry.k8s.io/pause:3.6', hasMirrors: false }, ours);
    assert.deepEqual([ran, cri.requestsOf('PullImage')], [[], []]);
  });

  async function aContainer() {
    const state = 'CONTAINER_RUNNING' as const;
    return {
      id: 'abc',
      podSandboxId: '1',
      metadata: null,
      image: null,
      state,
      createdAt: 0,
      labels: {},
      annotations: {},
    };
  }
});
