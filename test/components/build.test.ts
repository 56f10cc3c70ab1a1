import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const directory = mkdtempSync(join(tmpdir(), 'components-build-'));
after(() => rmSync(directory, { recursive: true }));
const program = join(import.meta.dirname, './build.ts');

function build(commandLine: string[], path = directory): { status: number | null; stdout: string; stderr: string } {
  const env = { PATH: path, XDG_CACHE_HOME: join(directory, 'cache') };
  return spawnSync(process.execPath, [program, ...commandLine], { encoding: 'utf8', env });
}

test('without go it refuses before it makes anything, and says what to do', () => {
  const { status, stderr } = build(['--only', 'pause']);
  assert.equal(status, 2);
  assert.match(stderr, /cannot build pause 3\.10\.2: that needs Go 1\.\d+.* and no "go" command is on PATH/);
  assert.match(stderr, /Install it/);
  assert.equal(existsSync(join(directory, 'cache')), false);
});

test('a go that is too old is refused with both versions', () => {
  const bin = join(directory, 'go1.19/bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, 'go'), '#!/bin/false\n');
  chmodSync(join(bin, 'go'), 0o755);
  writeFileSync(join(bin, '../VERSION'), 'go1.19.8\n');
  const { status, stderr } = build(['--only', 'kubectl'], bin);
  assert.equal(status, 2);
  assert.match(stderr, /kubernetes v[\d.]+: that needs Go 1\.26\.0 or newer, and .*\/go is 1\.19\.8/);
});

test('an unknown component or set is a usage error that names what there is', () => {
  const component = build(['--only', 'kubctl']);
  assert.equal(component.status, 3);
  assert.match(component.stderr, /no component is called kubctl\nThere are: .*kubectl/);
  assert.equal(build(['--set', 'some']).status, 3);
});

test('--list builds nothing and shows the path of each component', () => {
  const { status, stdout } = build(['--list', '-o', 'json']);
  assert.equal(status, 0);
  const { components } = JSON.parse(stdout) as {
    components: { name: string; kind: string; state: string; path: string }[];
  };
  const apiserver = components.find(({ name, kind }) => name === 'kube-apiserver' && kind === 'image');
  assert.equal(apiserver?.path, join(directory, 'cache/kube-bootstrap/images/kube-apiserver_v1.37.2.tar'));
  assert.ok(components.every(({ state }) => state === 'absent'));
});
