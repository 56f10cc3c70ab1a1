import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { componentsCache } from '../components/locations.ts';
import { expectCode, run } from './support/command.ts';

/** A copy of this checkout that belongs to `uid`, with its npm packages and a cache that holds the images. */
async function clone(uid: number): Promise<{ directory: string; env: { HOME: string; XDG_CACHE_HOME: string } }> {
  const home = mkdtempSync(join(tmpdir(), 'clone-'));
  const directory = join(home, 'checkout');
  const cache = join(home, 'cache');
  expectCode(await run('git', ['-c', 'safe.directory=*', 'clone', '-q', '.', directory]), 0);
  expectCode(await run('cp', ['-al', 'node_modules', directory]), 0);
  expectCode(await run('touch', [join(directory, 'node_modules/.package-lock.json')]), 0);
  expectCode(await run('mkdir', ['-p', cache]), 0);
  // Hard links, where both are on one file system: the archives are large.
  const copy = `cp -rl '${componentsCache()}' '${cache}' 2>/dev/null || cp -r '${componentsCache()}' '${cache}'`;
  expectCode(await run('sh', ['-c', copy]), 0);
  expectCode(await run('rm', ['-rf', join(cache, 'kube-bootstrap/store')]), 0);
  expectCode(await run('chmod', ['755', home]), 0);
  expectCode(
    await run('sh', [
      '-c',
      `find '${home}' -type d -exec chown ${uid}:${uid} {} + ; chown -R ${uid}:${uid} '${directory}'/.git`,
    ]),
    0,
  );
  return { directory, env: { HOME: home, XDG_CACHE_HOME: cache } };
}

for (const [who, uid] of [
  ['root', 0],
  ['a user who is not root', 65_534],
] as const) {
  test(`npm run up, kubectl and npm run down work as ${who}`, { timeout: 300_000 }, async (t) => {
    const { directory, env } = await clone(uid);
    const as = { cwd: directory, env, uid };
    t.after(async () => {
      await run('npm', ['run', 'down'], as);
      rmSync(env.HOME, { recursive: true, force: true });
    });
    const up = expectCode(await run('npm', ['run', 'up'], as), 0);
    assert.match(up.stdout + up.stderr, /export KUBECONFIG=|--kubeconfig/);
    const kubeconfig = join(directory, '.bootstrap/etc/kubernetes/admin.conf');
    const kubectl = join(env.XDG_CACHE_HOME, 'kube-bootstrap/bin/v1.37.2/kubectl');
    const { stdout } = expectCode(await run(kubectl, ['--kubeconfig', kubeconfig, 'get', '--raw', '/readyz'], as), 0);
    assert.equal(stdout, 'ok');
    expectCode(await run('npm', ['run', 'up'], as), 0);
    expectCode(await run('npm', ['run', 'down'], as), 0);
    assert.ok(!existsSync(join(directory, '.bootstrap/etc')));
  });
}
