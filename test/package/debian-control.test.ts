import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const control = readFileSync('packaging/debian/control', 'utf8');
const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(control)?.[1] ?? '';

/** Debian's package of each library; what the kernel gives has none. */
const packages: readonly (readonly [library: RegExp, name: string | undefined])[] = [
  [/^(libc|libdl|libm|libpthread|librt|ld-linux-[\w-]+)\.so/, 'libc6'],
  [/^libstdc\+\+\.so/, 'libstdc++6'],
  [/^libgcc_s\.so/, 'libgcc-s1'],
  [/^linux-(vdso|gate)\.so/, undefined],
];

test('the Debian package depends on what the packaged Node is linked with, and on glibc 2.28', () => {
  const node = `node_modules/node-linux-${process.arch}/bin/node`;
  const libraries = [...execFileSync('ldd', [node], { encoding: 'utf8' }).matchAll(/([^\s/]+\.so[.\d]*) /g)];
  assert.ok(libraries.length >= 3);
  for (const [, library = ''] of libraries) {
    const row = packages.find(([pattern]) => pattern.test(library));
    assert.ok(row !== undefined, `${library}: name its package here and in packaging/debian/control`);
    assert.ok(row[1] === undefined || field('Depends').includes(row[1]), `${library} needs ${row[1]}`);
  }
  assert.match(field('Depends'), /\blibc6 \(>= 2\.28\)/);
});

test('what the Debian package is made of stands in its control file', () => {
  assert.equal(field('Package'), 'kube-bootstrap');
  assert.equal(field('Maintainer'), 'kube-bootstrap authors <kube-bootstrap@example.invalid>');
  for (const name of ['Version', 'Architecture', 'Installed-Size']) assert.match(field(name), /^@[A-Z_]+@$/);
  assert.match(control, /^Description: .{1,80}$/m);
  assert.equal(readFileSync('packaging/debian/conffiles', 'utf8'), '/etc/default/bootstrap-agent\n');
});
