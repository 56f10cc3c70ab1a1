import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeImageArchive } from './image-archive.ts';
import { type TarEntry, writeTar } from './tar.ts';

const directory = mkdtempSync(join(tmpdir(), 'components-archive-'));
after(() => rmSync(directory, { recursive: true }));

const reference = 'registry.example/thing:v1';
const config = { Entrypoint: ['/thing'], Env: ['PATH=/'] };

function anImage(program: string): Parameters<typeof writeImageArchive>[0] {
  const source = join(directory, 'program');
  writeFileSync(source, program);
  const entries: TarEntry[] = [
    { type: 'copy', path: 'usr/bin/thing', mode: 0o755, source, size: program.length },
    { type: 'symlink', path: 'bin', mode: 0o777, target: 'usr/bin' },
    { type: 'directory', path: 'tmp', mode: 0o1777 },
  ];
  return { reference, architecture: 'amd64', config, entries };
}

async function write(name: string, image: Parameters<typeof writeImageArchive>[0]): Promise<string> {
  const destination = join(directory, name);
  await writeImageArchive(image, destination);
  return destination;
}

function tar(...tarArguments: string[]): string {
  return execFileSync('tar', tarArguments, { encoding: 'utf8' });
}

function member(archive: string, path: string): Buffer {
  return execFileSync('tar', ['-xOf', archive, path], { maxBuffer: 2 ** 24 });
}

test('the same image gives the same bytes, whatever the time and the order of its entries', async () => {
  const image = anImage('program');
  const first = await write('first.tar', image);
  utimesSync(join(directory, 'program'), 1, 1);
  const second = await write('second.tar', { ...image, entries: [...image.entries].reverse() });
  assert.ok(readFileSync(first).equals(readFileSync(second)));
});

test('another program gives another layer', async () => {
  const first = readFileSync(await write('one.tar', anImage('one')));
  assert.ok(!first.equals(readFileSync(await write('two.tar', anImage('two')))));
});

test('each blob is named by the hash of its content, and both indexes lead to them', async () => {
  const archive = await write('blobs.tar', anImage('x'.repeat(5 * 1024 * 1024 + 7)));
  const blobs = tar('-tf', archive)
    .split('\n')
    .filter((path) => path.startsWith('blobs/sha256/') && !path.endsWith('/'));
  assert.equal(blobs.length, 3);
  for (const blob of blobs) {
    assert.equal(blob, `blobs/sha256/${createHash('sha256').update(member(archive, blob)).digest('hex')}`);
  }
  const [docker] = JSON.parse(member(archive, 'manifest.json').toString());
  assert.deepEqual(docker.RepoTags, [reference]);
  assert.ok(blobs.includes(docker.Config) && blobs.includes(docker.Layers[0]));
  const [oci] = JSON.parse(member(archive, 'index.json').toString()).manifests;
  assert.equal(oci.annotations['io.containerd.image.name'], reference);
  assert.ok(blobs.includes(oci.digest.replace('sha256:', 'blobs/sha256/')));
});

test('the layer reads back with its directories, modes and links', async () => {
  const archive = await write('layer.tar', anImage('program'));
  const [{ Layers }] = JSON.parse(member(archive, 'manifest.json').toString());
  const layer = join(directory, 'layer');
  writeFileSync(layer, member(archive, Layers[0]));
  assert.deepEqual(
    tar('-tvf', layer)
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ +/g, ' ').split(' '))
      .map(([mode, owner, , , , ...path]) => [mode, owner, path.join(' ')]),
    [
      ['lrwxrwxrwx', '0/0', 'bin -> usr/bin'],
      ['drwxrwxrwt', '0/0', 'tmp/'],
      ['drwxr-xr-x', '0/0', 'usr/'],
      ['drwxr-xr-x', '0/0', 'usr/bin/'],
      ['-rwxr-xr-x', '0/0', 'usr/bin/thing'],
    ],
  );
  assert.equal(member(layer, 'usr/bin/thing').toString(), 'program');
});

test('a file capability is written as an extended attribute of that file', async () => {
  const file = join(directory, 'capability.tar');
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
  await writeTar([{ type: 'file', path: 'thing', mode: 0o755, content: Buffer.from('x'), capability }], file);
  assert.match(tar('--xattrs', '--xattrs-include=*', '-tvvf', file), /x: *20 security\.capability/);
  assert.equal(member(file, 'thing').toString(), 'x');
});

test('a name that does not fit a tar header is refused, not cut', async () => {
  const path = 'x'.repeat(101);
  const entries: TarEntry[] = [{ type: 'file', path, mode: 0o644, content: Buffer.alloc(0) }];
  await assert.rejects(writeTar(entries, join(directory, 'long.tar')), /name too long/);
});
