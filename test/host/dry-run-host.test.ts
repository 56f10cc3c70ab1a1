import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { dryRunHost, type PlannedEffect } from '../../src/host/dry-run-host.ts';
import { nodeHost } from '../../src/host/node-host.ts';

async function aDryRun(context: { after: (clean: () => Promise<void>) => void }) {
  const base = await mkdtemp(join(tmpdir(), 'dry-run-'));
  context.after(() => rm(base, { recursive: true }));
  const real = join(base, 'real');
  await nodeHost.makeDirectory(real);
  await writeFile(join(real, 'there'), 'old');
  const effects: PlannedEffect[] = [];
  const host = dryRunHost(nodeHost, {
    overlay: join(base, 'overlay'),
    onEffect: (effect) => effects.push(effect),
    answer: (url) => (url.endsWith('/livez') ? { status: 200, headers: {}, body: Buffer.from('ok') } : undefined),
  });
  return { real, host, effects };
}

test('what is written is read back, and the machine is as it was', async (context) => {
  const { real, host, effects } = await aDryRun(context);
  await host.makeDirectory(join(real, 'new/deep'));
  await host.writeFile(join(real, 'new/deep/file'), 'new', { mode: 0o600 });
  await host.writeFile(join(real, 'there'), 'changed');
  await host.makeSymlink('there', join(real, 'link'));
  assert.equal(await host.readText(join(real, 'new/deep/file')), 'new');
  assert.equal(await host.readText(join(real, 'there')), 'changed');
  assert.equal(await host.readLink(join(real, 'link')), 'there');
  assert.deepEqual(await host.list(real), ['link', 'new', 'there']);
  assert.deepEqual(await readdir(real), ['there']);
  assert.equal(await readFile(join(real, 'there'), 'utf8'), 'old');
  assert.deepEqual(
    effects.map(({ kind }) => kind),
    ['directory', 'write', 'write', 'symlink'],
  );
});

test('what is removed or moved is gone for its reader only', async (context) => {
  const { real, host } = await aDryRun(context);
  await host.rename(join(real, 'there'), join(real, 'moved'));
  assert.equal(await host.readText(join(real, 'there')), undefined);
  assert.equal(await host.readText(join(real, 'moved')), 'old');
  await host.remove(join(real, 'moved'));
  assert.deepEqual(await host.list(real), []);
  assert.equal(await readFile(join(real, 'there'), 'utf8'), 'old');
});

test('a file is made only if nothing is there, on the machine or before in the dry run', async (context) => {
  const { real, host } = await aDryRun(context);
  assert.equal(await host.createFile(join(real, 'there'), 'x'), false);
  assert.equal(await host.createFile(join(real, 'fresh'), 'x'), true);
  assert.equal(await host.createFile(join(real, 'fresh'), 'y'), false);
});

test('no program is started and no signal sent; both are told', async (context) => {
  const { host, effects } = await aDryRun(context);
  await host.spawnDetached('/bin/false', ['a']);
  await host.run('/bin/false', []);
  assert.equal(host.kill(process.pid, 'SIGKILL'), true);
  assert.deepEqual(
    effects.map(({ kind }) => kind),
    ['start', 'start', 'signal'],
  );
});

test('what was not started answers as told, and nothing but questions goes to the network', async (context) => {
  const { host } = await aDryRun(context);
  assert.equal((await host.request('https://127.0.0.1:1/livez')).status, 200);
  await assert.rejects(host.request('https://127.0.0.1:1/api', { method: 'POST' }), /sends no POST/);
});
