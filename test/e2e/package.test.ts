import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { expectCode, run } from './support/command.ts';

test('the npm package installs and runs, with JavaScript only', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'package-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  expectCode(await run('npm', ['run', 'build']), 0);
  const packed = expectCode(await run('npm', ['pack', '--json', '--pack-destination', directory]), 0);
  const [{ filename, files }] = JSON.parse(packed.stdout) as [{ filename: string; files: { path: string }[] }];
  assert.deepEqual(
    files.filter(({ path }) => path.endsWith('.ts')).map(({ path }) => path),
    [],
  );
  const install = ['install', '--no-fund', '--no-audit', '--prefer-offline', join(directory, filename)];
  expectCode(await run('npm', install, { cwd: directory }), 0);
  const command = join(directory, 'node_modules/.bin/bootstrap');
  assert.match(expectCode(await run(command, ['--help']), 0).stdout, /bootstrap init/);
  const { bootstrap: version } = JSON.parse(expectCode(await run(command, ['version', '-o', 'json']), 0).stdout);
  assert.equal(version, JSON.parse(expectCode(await run('npm', ['pkg', 'get', 'version']), 0).stdout));
  const rendered = await run(
    command,
    ['init', 'phase', 'control-plane', '--dry-run', '--root-dir', join(directory, 'root')],
    {
      cwd: directory,
    },
  );
  assert.match(expectCode(rendered, 0).stdout, /--permit-port-sharing=true/);
});
