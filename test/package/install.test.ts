import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';

/** An unpacked archive whose program is a script that succeeds, and a machine in whose PATH `programs` go first. */
function archive(t: TestContext, programs: Readonly<Record<string, string>> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'install-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text, { mode });
  };
  const installer = readFileSync('packaging/install.sh', 'utf8').replaceAll('@PLATFORM@', process.arch);
  const unit = '[Service]\nExecStart=/usr/local/bin/bootstrap agent --config /var/lib/bootstrap/agent.yaml\n';
  write('archive/install.sh', installer);
  write('archive/bootstrap', '#!/bin/sh\nexit 0\n', 0o755);
  write('archive/bootstrap-agent.service', unit);
  write('archive/bootstrap-agent.default', 'BOOTSTRAP_AGENT_ARGS=\n');
  for (const name of ['LICENSE', 'THIRD-PARTY-LICENSES', 'man/bootstrap.1', 'man/bootstrap-init.1']) {
    write(`archive/${name}`, name);
  }
  for (const name of ['bootstrap.bash', '_bootstrap', 'bootstrap.fish']) write(`archive/completions/${name}`, name);
  for (const [name, text] of Object.entries(programs)) write(`programs/${name}`, `#!/bin/sh\n${text}\n`, 0o755);
  const run = (script: string, args: readonly string[], env: Readonly<Record<string, string>>) => {
    const PATH = `${directory}/programs:${process.env.PATH}`;
    const { status, stdout, stderr } = spawnSync('sh', [script, ...args], { encoding: 'utf8', env: { PATH, ...env } });
    return { status, said: stdout + stderr };
  };
  return {
    root: join(directory, 'root'),
    write,
    remove: (path: string) => rmSync(join(directory, path)),
    script: (path: string, ...args: readonly string[]) =>
      run(join(directory, path), args, { DESTDIR: join(directory, 'root') }),
    /** Onto this machine, below a directory of the test's. */
    onMachine: (...args: readonly string[]) =>
      run(join(directory, 'archive/install.sh'), ['--prefix', join(directory, 'here'), ...args], {}),
    here: join(directory, 'here'),
  };
}

const filesBelow = (directory: string) =>
  globSync('**/*', { cwd: directory, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();

const inPrefix = [
  'bin/bootstrap',
  'lib/systemd/system/bootstrap-agent.service',
  'share/bash-completion/completions/bootstrap',
  'share/doc/kube-bootstrap/LICENSE',
  'share/doc/kube-bootstrap/THIRD-PARTY-LICENSES',
  'share/fish/vendor_completions.d/bootstrap.fish',
  'share/kube-bootstrap/bootstrap-agent.default',
  'share/kube-bootstrap/files',
  'share/kube-bootstrap/install.sh',
  'share/man/man1/bootstrap-init.1',
  'share/man/man1/bootstrap.1',
  'share/zsh/site-functions/_bootstrap',
];

describe('install.sh', () => {
  test('puts everything below DESTDIR and /usr/local, and takes exactly that away again', (t) => {
    const { root, script } = archive(t);
    assert.deepEqual(script('archive/install.sh'), {
      status: 0,
      said: `installed ${root}/usr/local/bin/bootstrap; next: bootstrap init\n`,
    });
    const places = inPrefix.map((path) => `usr/local/${path}`);
    assert.deepEqual(filesBelow(root), ['etc/default/bootstrap-agent', ...places]);
    assert.equal(statSync(`${root}/usr/local/bin/bootstrap`).mode & 0o777, 0o755);
    assert.equal(statSync(`${root}/usr/local/share/man/man1/bootstrap.1`).mode & 0o777, 0o644);
    assert.equal(script('archive/install.sh', '--uninstall').status, 0);
    assert.deepEqual(filesBelow(root), []);
  });

  test('makes the unit start the program where it is installed', (t) => {
    const { root, script } = archive(t);
    assert.equal(script('archive/install.sh', '--prefix=/usr').status, 0);
    const unit = readFileSync(`${root}/usr/lib/systemd/system/bootstrap-agent.service`, 'utf8');
    assert.match(unit, /^ExecStart=\/usr\/bin\/bootstrap agent --config \/var\/lib\/bootstrap\/agent\.yaml$/m);
  });

  test('writes no unit where systemd looks for none', (t) => {
    const { root, script } = archive(t);
    assert.equal(script('archive/install.sh', '--prefix', '/opt/kube/').status, 0);
    const places = inPrefix.filter((path) => !path.includes('systemd')).map((path) => `opt/kube/${path}`);
    assert.deepEqual(filesBelow(root), places);
  });

  test('takes away what an older version had, and keeps the local configuration', (t) => {
    const { root, script, remove, write } = archive(t);
    script('archive/install.sh');
    write('root/etc/default/bootstrap-agent', 'BOOTSTRAP_AGENT_ARGS=--v=4\n');
    remove('archive/man/bootstrap-init.1');
    script('archive/install.sh');
    assert.equal(existsSync(`${root}/usr/local/share/man/man1/bootstrap-init.1`), false);
    assert.equal(readFileSync(`${root}/etc/default/bootstrap-agent`, 'utf8'), 'BOOTSTRAP_AGENT_ARGS=--v=4\n');
    script('archive/install.sh', '--uninstall');
    assert.deepEqual(filesBelow(root), ['etc/default/bootstrap-agent']);
  });

  test('uninstalls without the archive, by its copy', (t) => {
    const { root, script } = archive(t);
    script('archive/install.sh');
    assert.equal(script('root/usr/local/share/kube-bootstrap/install.sh', '--uninstall').status, 0);
    assert.deepEqual(filesBelow(root), []);
  });

  test('installs on a machine whose glibc is new enough', (t) => {
    const { onMachine, here } = archive(t, { getconf: 'echo glibc 2.28' });
    assert.equal(onMachine().status, 0);
    assert.ok(existsSync(`${here}/bin/bootstrap`));
    assert.equal(onMachine('--uninstall').status, 0);
    assert.deepEqual(filesBelow(here), []);
  });

  const refusals: readonly (readonly [machine: string, programs: Readonly<Record<string, string>>, because: RegExp])[] =
    [
      ['an old glibc', { getconf: 'echo glibc 2.24' }, /^install\.sh: glibc 2\.24 is too old: bootstrap needs 2\.28/],
      [
        'an old glibc without getconf',
        { getconf: 'exit 127', ldd: 'echo "ldd (GNU libc) 2.17"' },
        /glibc 2\.17 is too old/,
      ],
      ['musl', { getconf: 'exit 1', ldd: 'echo "musl libc (x86_64)" >&2; exit 1' }, /has no glibc \(Alpine/],
      [
        'another processor',
        { uname: 'case $1 in -s) echo Linux ;; *) echo riscv64 ;; esac' },
        /this machine is riscv64/,
      ],
      ['another system', { uname: 'echo FreeBSD' }, /runs on Linux, not on FreeBSD/],
    ];
  for (const [machine, programs, because] of refusals) {
    test(`refuses ${machine} and says so before it writes anything`, (t) => {
      const { onMachine, here } = archive(t, programs);
      const { status, said } = onMachine();
      assert.equal(status, 1);
      assert.match(said, because);
      assert.equal(existsSync(here), false);
    });
  }

  test('says which library is missing where the program does not start', (t) => {
    const { onMachine, write, here } = archive(t);
    const message = 'error while loading shared libraries: libstdc++.so.6: cannot open shared object file';
    write('archive/bootstrap', `#!/bin/sh\necho "${message}" >&2\nexit 127\n`, 0o755);
    assert.match(onMachine().said, /libstdc\+\+ is missing: apt-get install libstdc\+\+6/);
    assert.equal(existsSync(here), false);
  });

  test('refuses a prefix that is relative or that no unit could hold, and unknown words', (t) => {
    const { script } = archive(t);
    assert.match(script('archive/install.sh', '--prefix', 'here').said, /absolute path, not here/);
    assert.match(script('archive/install.sh', '--prefix', '/opt/my programs').said, /is not supported/);
    assert.equal(script('archive/install.sh', '--prefix').status, 1);
    assert.equal(script('archive/install.sh', 'everything').status, 3);
    assert.match(script('archive/install.sh', '--uninstall').said, /nothing of bootstrap is installed below/);
  });
});
