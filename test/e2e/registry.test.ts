import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { systemClock } from '../../src/base/clock.ts';
import { retryUntil } from '../../src/base/retry.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { pullImage } from '../../src/runtime/images/pull.ts';
import { findStored } from '../../src/runtime/images/store.ts';
import type { PullOptions } from '../../src/runtime/runtime.ts';
import { aTar, digestOf, imageConfig, ociImage, temporaryDirectory, testPlatform } from '../fakes/images.ts';

/** Debian's package docker-registry: the CNCF distribution registry. */
const program = ['/usr/bin/docker-registry', '/usr/bin/registry', '/usr/local/bin/registry'].find((path) =>
  existsSync(path),
);
const login = { username: 'tester', password: 'secret' };
/** `tester:secret` by bcrypt, the only form that the registry's htpasswd reads. */
const htpasswd = 'tester:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';

const image = {
  tags: [],
  layers: [
    aTar([{ path: 'bin/app', content: 'x'.repeat(2_000_000), mode: 0o755 }]),
    aTar([{ path: 'etc/conf', content: 'y' }]),
  ],
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

/** A real registry on loopback, gone when the test ends; gives its address. */
async function startRegistry(
  context: TestContext,
  options: { readonly tls?: boolean; readonly password?: boolean } = {},
) {
  assert.ok(program, 'the registry server is missing: apt-get install docker-registry');
  const directory = temporaryDirectory(context);
  const address = `127.0.0.1:${await freePort()}`;
  const lines = [
    'version: 0.1',
    'log: { level: error, accesslog: { disabled: true } }',
    `storage: { filesystem: { rootdirectory: ${join(directory, 'data')} }, delete: { enabled: true } }`,
    `http: { addr: "${address}" }`,
  ];
  if (options.password) {
    writeFileSync(join(directory, 'htpasswd'), htpasswd);
    lines.push(`auth: { htpasswd: { realm: test, path: ${join(directory, 'htpasswd')} } }`);
  }
  writeFileSync(join(directory, 'config.yml'), lines.join('\n'));
  const child = spawn(program, ['serve', join(directory, 'config.yml')], { stdio: 'ignore' });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  context.after(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  await retryUntil(() => nodeHost.request(`http://${address}/v2/`), {
    clock: systemClock,
    everyMs: 20,
    timeoutMs: 10_000,
    what: 'the registry',
  });
  return address;
}

/** Pushes as a client does: blobs by POST and PUT, then the manifest (distribution-spec 1.1). */
async function push(address: string, name: string, { manifest, blobs }: ReturnType<typeof ociImage>, headers = {}) {
  for (const blob of blobs) {
    const start = await nodeHost.request(`http://${address}/v2/${name}/blobs/uploads/`, { method: 'POST', headers });
    const location = new URL(start.headers.location ?? '', `http://${address}`);
    location.searchParams.set('digest', digestOf(blob));
    const put = await nodeHost.request(location.href, {
      method: 'PUT',
      headers: { ...headers, 'content-type': 'application/octet-stream' },
      body: blob,
    });
    assert.equal(put.status, 201);
  }
  return putManifest(address, `${name}/manifests/1`, manifest, headers);
}

async function putManifest(address: string, path: string, manifest: Buffer, headers = {}) {
  const { mediaType } = JSON.parse(manifest.toString());
  const url = `http://${address}/v2/${path}`;
  const put = await nodeHost.request(url, {
    method: 'PUT',
    headers: { ...headers, 'content-type': mediaType },
    body: manifest,
  });
  assert.equal(put.status, 201, Buffer.from(put.body).toString());
}

function aPull(context: TestContext, dockerConfig?: unknown) {
  const storeDir = join(temporaryDirectory(context), 'store');
  const home = temporaryDirectory(context);
  if (dockerConfig !== undefined) writeFileSync(join(home, 'config.json'), JSON.stringify(dockerConfig));
  const host = { ...nodeHost, env: (name: string) => (name === 'DOCKER_CONFIG' ? home : undefined) };
  return {
    storeDir,
    pull: (reference: string, options?: PullOptions) =>
      pullImage({ host, clock: systemClock, storeDir, platform: testPlatform }, reference, options),
  };
}

test('pulls from a real registry by tag and by digest', async (context) => {
  const address = await startRegistry(context);
  const pushed = ociImage(image, (layer) => gzipSync(layer));
  await push(address, 'team/app', pushed);
  for (const reference of [`${address}/team/app:1`, `${address}/team/app@${digestOf(pushed.manifest)}`]) {
    const { storeDir, pull } = aPull(context);
    assert.equal(await pull(reference), digestOf(imageConfig(image)));
    const stored = await findStored(nodeHost, storeDir, reference);
    assert.equal(readFileSync(join(stored?.rootfs ?? '', 'bin/app')).length, 2_000_000);
  }
});

test('pulls the image of this platform from an index in a real registry', async (context) => {
  const address = await startRegistry(context);
  const pushed = ociImage(image);
  const foreign = ociImage({ ...image, architecture: 's390x' });
  await push(address, 'app', pushed);
  await push(address, 'app', foreign);
  const entry = (manifest: Buffer, architecture: string) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: digestOf(manifest),
    size: manifest.length,
    platform: { os: 'linux', architecture },
  });
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [entry(foreign.manifest, 's390x'), entry(pushed.manifest, testPlatform.architecture)],
  };
  await putManifest(address, 'app/manifests/many', Buffer.from(JSON.stringify(index)));
  assert.equal(await aPull(context).pull(`${address}/app:many`), digestOf(imageConfig(image)));
});

test('logs in to a real registry with what Docker has on file', async (context) => {
  const address = await startRegistry(context, { password: true });
  const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  await push(address, 'app', ociImage(image), { authorization: `Basic ${auth}` });
  await assert.rejects(aPull(context).pull(`${address}/app:1`), /wants to know who we are/);
  const { pull } = aPull(context, { auths: { [address]: { auth } } });
  assert.equal(await pull(`${address}/app:1`), digestOf(imageConfig(image)));
});

test('says what a real registry does not have', async (context) => {
  const address = await startRegistry(context);
  await assert.rejects(
    aPull(context).pull(`${address}/absent:1`),
    /manifest 1: the registry does not have it.*MANIFEST_UNKNOWN/,
  );
});
