import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseManifest, decodeManifest } from '../../../src/runtime/images/manifest.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const amd64 = { os: 'linux', architecture: 'amd64' };
const entry = (letter: string, os: string, architecture: string) => ({
  digest: digest(letter),
  platform: { os, architecture },
});

function manifestsOf(...manifests: readonly unknown[]) {
  const decoded = decodeManifest({ schemaVersion: 2, manifests }, 'index x');
  return decoded.kind === 'index' ? decoded.manifests : [];
}

test('chooses the image of this platform from an index', () => {
  const manifests = manifestsOf(
    entry('a', 'windows', 'amd64'),
    entry('b', 'linux', 'arm64'),
    entry('c', 'linux', 'amd64'),
  );
  assert.equal(chooseManifest(manifests, amd64, 'index x').digest, digest('c'));
});

test('says which platforms there are when ours is not', () => {
  const manifests = manifestsOf(entry('a', 'linux', 's390x'), entry('b', 'unknown', 'unknown'));
  assert.throws(() => chooseManifest(manifests, amd64, 'index x'), /no image for linux\/amd64; it has linux\/s390x/);
});

test('takes the only image when the index says nothing of platforms', () => {
  assert.equal(chooseManifest(manifestsOf({ digest: digest('a') }), amd64, 'index x').digest, digest('a'));
});

test('refuses the manifest form of old, and what is none at all', () => {
  assert.throws(() => decodeManifest({ schemaVersion: 1 }, 'manifest x'), /schema 1/);
  assert.throws(() => decodeManifest({}, 'manifest x'), /neither/);
  const evil = { config: { digest: digest('a') }, layers: [{ digest: 'sha256:../../etc' }] };
  assert.throws(() => decodeManifest(evil, 'manifest x'), /not a sha256 digest/);
});
