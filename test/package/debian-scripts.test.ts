import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';

/**
 * A maintainer script on a machine of the test's own: every absolute path of the script lies below a directory, and
 * systemctl tells what it is asked. `starts` is the program of the unit that systemd knows.
 */
function machine(
  t: TestContext,
  { files = [] as readonly string[], starts = '/usr/bin/bootstrap', enabled = true } = {},
) {
  const root = mkdtempSync(join(tmpdir(), 'debian-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const write = (path: string, text = '', mode = 0o644) => {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, text, { mode });
  };
  for (const path of files) write(path);
  const systemctl = `#!/bin/sh
case "$*" in
  show*) echo "ExecStart={ path=${starts} ; argv[]=${starts} agent }" ;;
  *is-enabled*) exit ${enabled ? 0 : 1} ;;
  *) echo "systemctl $*" ;;
esac
`;
  write('/programs/systemctl', systemctl, 0o755);
  return {
    root,
    run: (script: string, ...args: readonly string[]) => {
      const text = readFileSync(`packaging/debian/${script}`, 'utf8').replace(/(?=\/(etc|run|var)\/)/g, root);
      // It is not to reach this machine.
      assert.doesNotMatch(text.replaceAll(root, '@'), /[^@]\/(etc|run|var)\//);
      const { status, stdout, stderr } = spawnSync('sh', ['-c', text, script, ...args], {
        encoding: 'utf8',
        env: { PATH: `${root}/programs:${process.env.PATH}` },
      });
      assert.equal(status, 0, stderr);
      return (stdout + stderr).replaceAll(root, '').split('\n').slice(0, -1);
    },
  };
}

const systemd = '/run/systemd/system/x';
const plane = '/var/lib/bootstrap/agent.yaml';

describe('the Debian package', () => {
  test('lets the agent of a new version take over from the running one, and starts none on its own', (t) => {
    const { run } = machine(t, { files: [systemd, plane] });
    assert.deepEqual(run('postinst', 'configure', ''), ['systemctl daemon-reload']);
    assert.deepEqual(run('postinst', 'configure', '0.1.0'), [
      'systemctl daemon-reload',
      'systemctl try-restart --no-block bootstrap-agent.service',
    ]);
    assert.deepEqual(run('prerm', 'upgrade', '0.2.0'), []);
    assert.deepEqual(run('postrm', 'upgrade', '0.2.0'), []);
  });

  test('says how the agent of a control plane is started that an earlier removal has left', (t) => {
    const { run } = machine(t, { files: [systemd, plane], enabled: false });
    assert.match(run('postinst', 'configure', '').at(-1) ?? '', /started by: systemctl enable --now bootstrap-agent/);
  });

  test('never touches the agent of another installation', (t) => {
    const { run } = machine(t, { files: [systemd, plane], starts: '/usr/local/bin/bootstrap', enabled: false });
    assert.deepEqual(run('postinst', 'configure', '0.1.0'), ['systemctl daemon-reload']);
    assert.deepEqual(run('prerm', 'remove'), []);
  });

  test('disables the agent when it is removed, and says what stays', (t) => {
    const { run } = machine(t, { files: [systemd, plane] });
    const [first, ...said] = run('prerm', 'remove');
    assert.equal(first, 'systemctl disable --now bootstrap-agent.service');
    assert.match(said.join('\n'), /pods of the control plane run on[\s\S]*"bootstrap reset" removes both/);
  });

  test('comes back when its removal is given up', (t) => {
    const { run } = machine(t, { files: [systemd, plane] });
    assert.deepEqual(run('postinst', 'abort-remove'), ['systemctl enable --now bootstrap-agent.service']);
  });

  test('does without systemd', (t) => {
    const { run } = machine(t, { files: [plane] });
    assert.deepEqual(run('postinst', 'configure', '0.1.0'), []);
    assert.equal(run('prerm', 'remove').length, 2);
    assert.deepEqual(run('postrm', 'remove'), []);
  });

  test('takes a link away that would enable a unit that is gone', (t) => {
    const { root, run } = machine(t);
    const wants = `${root}/etc/systemd/system/multi-user.target.wants`;
    mkdirSync(wants, { recursive: true });
    symlinkSync(`${root}/lib/systemd/system/bootstrap-agent.service`, `${wants}/bootstrap-agent.service`);
    run('postrm', 'remove');
    assert.equal(spawnSync('ls', ['-A', wants], { encoding: 'utf8' }).stdout, '');
  });
});

describe('a purge', () => {
  const files = ['/etc/kubernetes/pki/ca.key', '/var/lib/etcd/member/db', '/var/lib/bootstrap/images/layer', plane];

  test('takes nothing of a control plane, and says what is left', (t) => {
    const { root, run } = machine(t, { files });
    assert.deepEqual(run('postrm', 'purge'), ['Left as they are: /etc/kubernetes /var/lib/etcd /var/lib/bootstrap']);
    for (const path of files) assert.equal(readFileSync(root + path, 'utf8'), '');
  });

  test('takes unpacked images where no control plane is, but no snapshot', (t) => {
    const { root, run } = machine(t, {
      files: ['/var/lib/bootstrap/images/layer', '/var/lib/bootstrap/snapshots/1.db'],
    });
    assert.deepEqual(run('postrm', 'purge'), ['Left as they are: /var/lib/bootstrap']);
    assert.deepEqual(spawnSync('ls', [`${root}/var/lib/bootstrap`], { encoding: 'utf8' }).stdout, 'snapshots\n');
  });

  test('leaves nothing of ours where only images were', (t) => {
    const { root, run } = machine(t, { files: ['/var/lib/bootstrap/images/layer'] });
    assert.deepEqual(run('postrm', 'purge'), []);
    assert.equal(spawnSync('ls', [`${root}/var/lib`], { encoding: 'utf8' }).stdout, '');
  });
});
