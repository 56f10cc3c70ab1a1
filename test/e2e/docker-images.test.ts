import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { nodeHost } from '../../src/host/node-host.ts';
import { obtainImage } from '../../src/runtime/images/obtain.ts';
import { DockerPods, docker, hasDocker } from './support/docker-pods.ts';
import { startRegistry } from './support/registry.ts';
import { writeShellImage } from './support/shell-image.ts';

const pods = new DockerPods();

if (await hasDocker()) describe('images of a real Docker Engine', realEngine);
else
  it('says that Docker cannot be reached where there is none', () =>
    assert.rejects(pods.runtime.findImage('pause'), /cannot reach Docker/));

function realEngine(): void {
  before(() => pods.begin());
  after(() => pods.end());

  it('come from an archive where there is one, else from a registry', async (test) => {
    const registry = await startRegistry(pods.directory);
    test.after(() => registry.stop());
    const remote = `${registry.address}/app:${pods.tag}`;
    await docker('tag', pods.reference, remote);
    await docker('push', remote);
    await docker('rmi', remote);
    const archives = [pods.directory];
    const options = { policy: 'IfNotPresent', archives, host: nodeHost } as const;
    await assert.rejects(obtainImage(pods.runtime, remote, { ...options, noPull: true }), /nowhere to be had/);
    const progress: string[] = [];
    const image = await obtainImage(pods.runtime, remote, { ...options, onProgress: (text) => progress.push(text) });
    assert.equal(image.id, pods.image.id);
    assert.match(image.digests[0] ?? '', new RegExp(`^${registry.address}/app@sha256:[0-9a-f]{64}$`));
    assert.ok(progress.some((text) => text.includes('Pulling from app')));
    const byDigest = await pods.runtime.pullImage(image.digests[0] ?? '');
    assert.equal(byDigest.id, image.id);
    await assert.rejects(
      pods.runtime.pullImage(`${registry.address}/app:absent`),
      /cannot pull .*app:absent: .*(not found|unknown)/,
    );
    await docker('rmi', remote);
    await docker('rmi', pods.reference);
    const loaded = await obtainImage(pods.runtime, pods.reference, { ...options, policy: 'Never' });
    assert.equal(loaded.id, pods.image.id);
  });

  it('refuses to remove an image in use, and removes it afterwards', async () => {
    const own = `kube-bootstrap.test/own:${pods.tag}`;
    const path = join(pods.directory, 'own.tar');
    await writeShellImage(own, path, { Env: ['PATH=/bin', `OWN=${pods.tag}`] });
    await pods.runtime.importArchive(path);
    const found = await pods.runtime.findImage(own);
    const { id } = await pods.start('user', 'sleep 600', { image: own, imageId: found?.id ?? '' });
    await assert.rejects(
      pods.runtime.removeImage(found?.id ?? ''),
      /cannot remove image .*in use|using its referenced image/s,
    );
    await pods.runtime.removeContainer(id);
    await pods.runtime.removeImage(found?.id ?? '');
    assert.equal(await pods.runtime.findImage(own), undefined);
    await pods.runtime.removeImage(found?.id ?? '');
  });

  it('says what is wrong with an archive, and where an image could not be pulled from', async () => {
    await writeFile(join(pods.directory, 'bad.tar'), 'x'.repeat(2048));
    await assert.rejects(pods.runtime.importArchive(join(pods.directory, 'bad.tar')), /cannot load .*bad\.tar/);
    await assert.rejects(pods.runtime.pullImage('127.0.0.1:1/nothing:1'), /cannot pull 127\.0\.0\.1:1\/nothing:1: /);
  });
}
