import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { expectCode, run } from './support/command.ts';
import { Plane } from './support/plane.ts';

const program = `bootstrap-linux-${process.arch}`;
const minutes = (count: number) => ({ timeoutMs: count * 60_000 });

describe('npm run package', () => {
  const directory = mkdtempSync(join(tmpdir(), 'package-'));
  const executable = join(directory, program);
  const version = JSON.parse(readFileSync('package.json', 'utf8')).version as string;
  const named = (pattern: RegExp) => join(directory, readdirSync(directory).find((name) => pattern.test(name)) ?? '');

  before(async () => {
    expectCode(await run(process.execPath, ['scripts/package/package.ts', directory], minutes(8)), 0);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  test('makes executable, archive, Debian package, npm package and bill of materials, with their sums', async () => {
    const sums = expectCode(await run('sha256sum', ['--check', 'SHA256SUMS'], { cwd: directory, ...minutes(2) }), 0);
    const made = readdirSync(directory).filter((name) => name !== 'SHA256SUMS');
    assert.deepEqual(sums.stdout.trim().split('\n').sort(), made.map((name) => `${name}: OK`).sort());
    for (const pattern of [/[.]tar[.]gz$/, /[.]deb$/, /[.]tgz$/, /[.]cdx[.]json$/])
      assert.match(named(pattern), pattern);
  });

  test('makes the same executable again', async () => {
    const again = join(directory, 'again');
    const words = ['scripts/package/package.ts', '--executable', again];
    expectCode(await run(process.execPath, words, minutes(4)), 0);
    expectCode(await run('cmp', [executable, join(again, program)]), 0);
    rmSync(again, { recursive: true });
  });

  test('makes an npm package that installs and runs, with JavaScript only', async () => {
    const place = join(directory, 'npm');
    mkdirSync(place);
    const packed = named(/[.]tgz$/);
    const files = expectCode(await run('tar', ['--list', '--file', packed]), 0).stdout;
    assert.doesNotMatch(files, /[.]ts$|linux-x64/m);
    const install = ['install', '--no-fund', '--no-audit', '--prefer-offline', packed];
    expectCode(await run('npm', install, { cwd: place }), 0);
    await expectProgram(join(place, 'node_modules/.bin/bootstrap'), version);
  });

  test('makes an executable that needs nothing but the C and C++ libraries', async () => {
    if (process.getuid?.() !== 0) return void (await expectProgram(executable, version));
    const root = join(directory, 'root');
    for (const library of await librariesOf(executable)) {
      mkdirSync(join(root, dirname(library)), { recursive: true });
      copyFileSync(library, join(root, library));
    }
    copyFileSync(executable, join(root, 'bootstrap'));
    const help = expectCode(await run('chroot', [root, '/bootstrap', '--help']), 0).stdout;
    assert.match(help, /bootstrap init/);
    assert.doesNotMatch((await librariesOf(executable)).join(' '), /libatomic/);
    await expectProgram('chroot', version, [root, '/bootstrap']);
    rmSync(root, { recursive: true });
  });

  test('makes an executable that brings a control plane up and takes it away', async () => {
    const plane = new Plane('process');
    const place = ['--root-dir', plane.root];
    const env = { NODE_OPTIONS: '--no-such-option-of-node' };
    try {
      expectCode(await run(executable, ['init', '--config', plane.config, ...place], { env, ...minutes(5) }), 0);
      const status = expectCode(await run(executable, ['status', '-o', 'json', ...place], { env }), 0);
      assert.equal(JSON.parse(status.stdout).pods.length, 4);
    } finally {
      expectCode(await run(executable, ['reset', '--force', ...place], { env, ...minutes(3) }), 0);
    }
  });
});

/** Its version, help and templates. */
async function expectProgram(command: string, version: string, before: readonly string[] = []): Promise<void> {
  const ran = async (...words: readonly string[]) => expectCode(await run(command, [...before, ...words]), 0).stdout;
  assert.match(await ran('--help'), /bootstrap init/);
  assert.equal(JSON.parse(await ran('version', '-o', 'json')).bootstrap, version);
  const dryRun = ['init', 'phase', 'control-plane', '--dry-run', '--root-dir', '/tmp/package-test'];
  const rendered = await ran(...dryRun, '--apiserver-advertise-address', '127.0.0.1');
  assert.match(rendered, /--permit-port-sharing=true/);
}

/** The files that the dynamic linker loads for it. */
async function librariesOf(file: string): Promise<readonly string[]> {
  const { stdout } = expectCode(await run('ldd', [file]), 0);
  return [...stdout.matchAll(/(?:^|\s)(\/\S+)\s+\(/gm)].map(([, path = '']) => path);
}
