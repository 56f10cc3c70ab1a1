import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import { basename } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { temporaryName } from '../../src/host/stale-temporaries.ts';
import { bootstrap, eventually, expectCode, run } from './support/command.ts';
import { runtimes } from './support/engine.ts';
import { Plane } from './support/plane.ts';

function aPlane(t: TestContext, ...args: ConstructorParameters<typeof Plane>): Plane {
  const plane = new Plane(...args);
  t.after(() => plane.destroy());
  return plane;
}

/** Hooks run in the order they are given: what a test did to the plane's directory is undone before it is removed. */
function aPlaneRestoredBy(t: TestContext, restore: (plane: Plane) => unknown): Plane {
  const plane = new Plane('process');
  t.after(() => restore(plane));
  t.after(() => plane.destroy());
  return plane;
}

const brokenFlag = `apiServer:
  extraArgs:
  - name: no-such-flag
    value: "1"
`;

describe('bad input gets a clear error and loses nothing', () => {
  for (const runtime of runtimes(['process', 'docker'])) {
    test(`a flag that does not exist is explained at once on ${runtime}`, async (t) => {
      const plane = aPlane(t, runtime, { cluster: brokenFlag });
      const started = performance.now();
      const ran = expectCode(await plane.init(), 1);
      assert.match(ran.stderr, /kube-apiserver/);
      assert.match(ran.stderr, /unknown flag: --no-such-flag/);
      assert.match(ran.stderr, /exited with code 1/);
      assert.match(ran.stderr, /bootstrap logs/);
      assert.ok(performance.now() - started < 60_000, 'no timeout was waited out');
      plane.writeConfig();
      expectCode(await plane.init(), 0);
    });
  }

  test('a config with ten mistakes gives ten findings, each with its place', async () => {
    const file = 'test/fixtures/config/invalid-ten-mistakes.yaml';
    const ran = expectCode(await bootstrap(['config', 'validate', '--config', file]), 3);
    const places = (ran.stderr + ran.stdout)
      .split('\n')
      .filter((line) => /invalid-ten-mistakes\.yaml:\d+:\d+/.test(line));
    assert.equal(places.length, 10, ran.stderr + ran.stdout);
  });

  test('a port in use is refused with the pid that holds it', async (t) => {
    const plane = aPlane(t, 'process');
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(plane.ports.etcdClient, '127.0.0.1', resolve));
    t.after(() => server.close());
    const ran = expectCode(await plane.init(), 2);
    assert.match(ran.stderr, new RegExp(`${plane.ports.etcdClient}`));
    assert.match(ran.stderr, new RegExp(`pid ${process.pid}`));
    assert.ok(!existsSync(plane.path('etc/kubernetes/pki')), 'nothing was touched');
  });

  test('an image that is nowhere is refused before anything is touched', async (t) => {
    const plane = aPlane(t, 'process', { cluster: 'imageRepository: 127.0.0.1:9/none\n' });
    const ran = expectCode(await plane.init(), 2);
    assert.match(ran.stderr, /127\.0\.0\.1:9\/none\/kube-apiserver:v1\.37\.2/);
    assert.ok(!existsSync(plane.path('etc/kubernetes/manifests/etcd.yaml')));
  });

  test('a data directory of another cluster is refused and kept', async (t) => {
    const plane = aPlane(t, 'process');
    const data = plane.path('var/lib/etcd/member/snap');
    mkdirSync(data, { recursive: true });
    writeFileSync(`${data}/db`, 'of another cluster');
    const ran = expectCode(await plane.init(), 2);
    assert.match(ran.stderr, /DirAvailable|var\/lib\/etcd/);
    expectCode(await plane.bootstrap(['reset', '--force']), 0);
    assert.equal(readFileSync(`${data}/db`, 'utf8'), 'of another cluster');
  });

  test('leaves of another CA are named and kept', async (t) => {
    const plane = aPlane(t, 'process');
    expectCode(await plane.init(['phase', 'certs']), 0);
    const pki = plane.path('etc/kubernetes/pki');
    const other = plane.scratch('ca');
    const subject = ['-subj', '/CN=kubernetes', '-keyout', `${other}/ca.key`, '-out', `${other}/ca.crt`];
    expectCode(await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '9', ...subject]), 0);
    writeFileSync(`${pki}/ca.crt`, readFileSync(`${other}/ca.crt`));
    writeFileSync(`${pki}/ca.key`, readFileSync(`${other}/ca.key`));
    const before = readFileSync(`${pki}/apiserver.crt`, 'utf8');
    const ran = await plane.init();
    assert.ok(ran.code === 1 || ran.code === 2, `refused, not ${ran.code}\n${ran.stderr}`);
    assert.match(ran.stderr, /apiserver\.crt/);
    assert.equal(readFileSync(`${pki}/apiserver.crt`, 'utf8'), before);
  });

  test('a directory that cannot be written is named', async (t) => {
    if (process.geteuid?.() !== 0) throw new Error('these tests run as root');
    const plane = aPlaneRestoredBy(t, (restored) => chmodSync(restored.path('etc'), 0o755));
    mkdirSync(plane.path('etc'), { recursive: true });
    chmodSync(plane.path('etc'), 0o555);
    // Root may write anywhere, so another user tries.
    for (const path of ['.', 'config.yaml']) await run('chown', ['65534:65534', plane.path(path)]);
    const ran = await plane.init([], { uid: 65_534, env: { HOME: plane.scratch('home') } });
    assert.equal(ran.code, 2, ran.stderr);
    assert.match(ran.stderr, new RegExp(`${plane.path('etc')} cannot be written to: permission denied`));
  });

  test('a second init while one runs is refused with the pid of the first', async (t) => {
    const plane = aPlane(t, 'process');
    let pid = 0;
    const first = plane.init([], { started: (started) => (pid = started) });
    await eventually('the first has begun', () => existsSync(plane.path('etc/kubernetes/pki/ca.crt')) || undefined);
    const second = expectCode(await plane.init(), 2);
    assert.match(second.stderr, new RegExp(`pid ${pid}`));
    expectCode(await first, 0);
  });
});

/** Temporary files of programs that have ended; the running agent may be writing one just now. */
function leftoversBelow(root: string): readonly string[] {
  return readdirSync(root, { recursive: true })
    .map(String)
    .filter((path) => path.endsWith('.tmp') && !path.includes('var/lib/etcd'))
    .filter((path) => !existsSync(`/proc/${temporaryName.exec(basename(path))?.[1]}`));
}

describe('an init that is ended in the middle converges when it is run again', () => {
  const moments = [
    'var/lib/bootstrap',
    'etc/kubernetes/pki/etcd/ca.crt',
    'etc/kubernetes/pki/apiserver.crt',
    'etc/kubernetes/scheduler.conf',
    'etc/kubernetes/manifests/etcd.yaml',
    'etc/kubernetes/manifests/kube-scheduler.yaml',
    'run/bootstrap/agent.sock',
  ] as const;
  const thorough = process.env.E2E_MATRIX === 'all';
  const chosen = thorough
    ? { SIGKILL: moments, SIGINT: moments.slice(2, 5) }
    : { SIGKILL: [moments[1], moments[5]], SIGINT: [moments[3]] };
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    for (const moment of chosen[signal]) {
      test(`${signal} as soon as ${moment} is there`, async (t) => {
        const plane = aPlane(t, 'process');
        let pid = 0;
        const first = plane.init([], { started: (started) => (pid = started) });
        await eventually(`${moment} is there`, () => existsSync(plane.path(moment)) || undefined);
        try {
          process.kill(pid, signal);
        } catch {
          // It had already ended well.
        }
        const ended = await first;
        if (signal === 'SIGINT') assert.ok([0, 130].includes(ended.code), `ended with ${ended.code}: ${ended.stderr}`);
        expectCode(await plane.init(), 0);
        expectCode(await plane.kubectl(['get', '--raw', '/readyz']), 0);
        assert.deepEqual(leftoversBelow(plane.root), []);
      });
    }
  }
});

test('a full disk is said and after it is freed init goes on', async (t) => {
  const plane = aPlaneRestoredBy(t, async (restored) => {
    expectCode(await restored.bootstrap(['reset', '--force']), 0);
    expectCode(await run('umount', [restored.path('etc')]), 0);
  });
  const mounted = plane.path('etc');
  mkdirSync(mounted);
  expectCode(await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mounted]), 0);
  const ran = await plane.init();
  assert.ok([1, 2].includes(ran.code), ran.stderr);
  assert.match(ran.stderr, /no space|disk|ENOSPC/i);
  expectCode(await run('mount', ['-o', 'remount,size=64m', mounted]), 0);
  expectCode(await plane.init(), 0);
});

test('dry-run prints every file and writes nothing', async (t) => {
  const plane = aPlane(t, 'process');
  const before = readdirSync(plane.root, { recursive: true });
  const ran = expectCode(await plane.init(['--dry-run']), 0);
  for (const name of ['kube-apiserver.yaml', 'admin.conf', 'ca.crt'])
    assert.match(ran.stdout + ran.stderr, new RegExp(name));
  assert.doesNotMatch(ran.stdout + ran.stderr, /BEGIN [A-Z ]*PRIVATE KEY/);
  assert.deepEqual(readdirSync(plane.root, { recursive: true }), before);
});

test('a CRI endpoint where nobody answers is refused before anything is written', async (t) => {
  const plane = aPlane(t, 'process');
  const socket = plane.path('nobody.sock');
  const ran = expectCode(await plane.init(['--runtime', 'cri', '--runtime-endpoint', `unix://${socket}`]), 2);
  assert.match(ran.stderr, new RegExp(`\\[ERROR CRI\\]: .* container runtime at ${socket}`));
  assert.equal(existsSync(plane.path('etc/kubernetes')), false);
});
