import assert from 'node:assert/strict';
import test from 'node:test';
import { findCredentials, readCredentials } from '../../../src/runtime/images/credentials.ts';
import { aMachine, MemoryHost } from '../../fakes/memory-host.ts';

const login = (name: string) => ({ auths: { 'reg.example': { username: name, password: 'p' } } });
const file = (name: string) => JSON.stringify(login(name));

function hostWith(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  const machine = aMachine({
    env: (name) => env[name],
    homeDirectory: () => '/home/me',
    workingDirectory: () => '/work',
  });
  return Object.assign(new MemoryHost(files), machine);
}

test('looks for the file where the kubelet does; the first one counts', async () => {
  const files = {
    '/own/config.json': file('own'),
    '/var/lib/kubelet/config.json': file('kubelet'),
    '/work/config.json': file('working'),
    '/home/me/.docker/config.json': file('home'),
    '/.docker/config.json': file('root'),
    '/home/me/.dockercfg': JSON.stringify(login('legacy').auths),
  };
  const found: (string | undefined)[] = [];
  for (const path of Object.keys(files)) {
    const host = hostWith(files, { DOCKER_CONFIG: '/own' });
    found.push((await readCredentials(host, 'reg.example/app', '/var/lib/kubelet'))?.username);
    delete (files as Record<string, string>)[path];
  }
  assert.deepEqual(found, ['own', 'kubelet', 'working', 'home', 'root', 'legacy']);
  assert.equal(await readCredentials(hostWith({}), 'reg.example/app'), undefined);
});

test('passes over a file that is broken', async () => {
  const host = hostWith({ '/work/config.json': '{', '/home/me/.docker/config.json': file('home') });
  assert.equal((await readCredentials(host, 'reg.example/app'))?.username, 'home');
});

test('keys match by globs of the host, by port and by the beginning of the path; the more special one wins', () => {
  const user = (username: string) => ({ username, password: 'p' });
  const auths = {
    'reg.example': user('whole'),
    'reg.example/team': user('team'),
    '*.cloud.example': user('glob'),
    'https://reg.example:5000/v2/': user('port'),
    'docker.io': user('hub'),
  };
  const userFor = (image: string) => findCredentials({ auths }, image, 'f')?.username;
  assert.equal(userFor('reg.example/team/app'), 'team');
  assert.equal(userFor('reg.example/other'), 'whole');
  assert.equal(userFor('a.cloud.example/app'), 'glob');
  assert.equal(userFor('a.b.cloud.example/app'), undefined);
  assert.equal(userFor('reg.example:5000/app'), 'port');
  assert.equal(userFor('reg.example:5001/app'), undefined);
  assert.equal(userFor('docker.io/library/nginx'), 'hub');
});
