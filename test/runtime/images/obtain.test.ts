import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { nodeHost } from '../../../src/host/node-host.ts';
import { obtainImage } from '../../../src/runtime/images/obtain.ts';
import { writeTar } from '../../components/tar.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';

const image = 'registry.example/app:1';

describe('getting an image', () => {
  let runtime: FakeRuntime;
  let directory: string;
  const options = () => ({ policy: 'IfNotPresent', archives: [directory], host: nodeHost }) as const;
  const archive = async (name: string, tags: readonly string[]) => {
    const path = join(directory, name);
    const content = Buffer.from(JSON.stringify([{ Config: 'c.json', RepoTags: tags, Layers: [] }]));
    await writeTar([{ type: 'file', path: 'manifest.json', mode: 0o644, content }], path);
    runtime.images.archives.set(path, tags);
    return path;
  };

  beforeEach(async () => {
    runtime = new FakeRuntime(new FakeClock());
    directory = await mkdtemp(join(tmpdir(), 'archives-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it('takes the one in the runtime and looks no further', async () => {
    runtime.images.add(image);
    await archive('app.tar', [image]);
    assert.deepEqual((await obtainImage(runtime, image, options())).tags, [image]);
    assert.deepEqual(runtime.mutations(), []);
  });

  it('loads it from the archive that holds it, and from no other', async () => {
    await archive('a.tar', ['registry.example/other:1']);
    const path = await archive('b.tar', [image]);
    await writeFile(join(directory, 'c.tar'), 'no archive at all');
    await writeFile(join(directory, 'notes.txt'), 'app:1');
    const progress: string[] = [];
    await obtainImage(runtime, image, { ...options(), onProgress: (text) => progress.push(text) });
    assert.deepEqual(runtime.mutations(), [`importArchive ${path}`]);
    assert.deepEqual(progress, [`loading ${path}`]);
  });

  it('finds it under its short name too', async () => {
    const path = await archive('busybox.tar', ['busybox:latest']);
    runtime.images.archives.set(path, ['busybox']);
    await obtainImage(runtime, 'busybox', options());
    assert.deepEqual(runtime.mutations(), [`importArchive ${path}`]);
  });

  it('goes on to the next archive when one cannot be loaded', async () => {
    await archive('a.tar', [image]);
    const path = await archive('b.tar', [image]);
    runtime.failNext('importArchive', 'layer is cut off');
    await obtainImage(runtime, image, options());
    assert.equal(runtime.mutations().at(-1), `importArchive ${path}`);
  });

  it('pulls what is in no archive', async () => {
    runtime.images.registry.add(image);
    await obtainImage(runtime, image, options());
    assert.deepEqual(runtime.mutations(), [`pullImage ${image}`]);
  });

  it('pulls with policy Always although it is there', async () => {
    runtime.images.add(image);
    runtime.images.registry.add(image);
    await obtainImage(runtime, image, { ...options(), policy: 'Always' });
    assert.deepEqual(runtime.mutations(), [`pullImage ${image}`]);
  });

  it('never pulls with policy Never, or where pulling is off', async () => {
    runtime.images.registry.add(image);
    const never = obtainImage(runtime, image, { ...options(), policy: 'Never' });
    await assert.rejects(never, /not pulled: its pull policy is Never/);
    const off = obtainImage(runtime, image, { ...options(), policy: 'Always', noPull: true });
    await assert.rejects(off, /not pulled: only looked for on this machine/);
    assert.deepEqual(runtime.mutations(), []);
  });

  it('says where it was looked for, why it is not there, and what to do', async () => {
    await assert.rejects(obtainImage(runtime, image, options()), (thrown: Error & { hint?: string }) => {
      assert.equal(
        thrown.message,
        `image ${image} is nowhere to be had: not in Docker; no archive in ${directory}; cannot pull ${image}: no such host`,
      );
      assert.match(thrown.hint ?? '', /bootstrap images import FILE, or put one into/);
      return true;
    });
    const without = obtainImage(runtime, image, { ...options(), archives: [] });
    await assert.rejects(without, /no archives are configured/);
  });

  it('says what was wrong with the archive that holds it', async () => {
    await archive('a.tar', [image]);
    runtime.failNext('importArchive', 'cannot load a.tar: no space left on device');
    await assert.rejects(obtainImage(runtime, image, options()), /no space left on device; cannot pull/);
  });
});
