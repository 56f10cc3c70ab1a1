import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalReference, parseReference } from '../../../src/runtime/images/reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

for (const [text, full] of [
  ['nginx', 'docker.io/library/nginx:latest'],
  ['nginx:1.29', 'docker.io/library/nginx:1.29'],
  ['index.docker.io/library/nginx', 'docker.io/library/nginx:latest'],
  ['user/app', 'docker.io/user/app:latest'],
  ['registry.k8s.io/coredns/coredns:v1.14.3', 'registry.k8s.io/coredns/coredns:v1.14.3'],
  ['localhost/app', 'localhost/app:latest'],
  ['localhost:5000/app:1', 'localhost:5000/app:1'],
  ['[::1]:5000/app', '[::1]:5000/app:latest'],
  [`registry.k8s.io/pause@${digest}`, `registry.k8s.io/pause@${digest}`],
  [`registry.k8s.io/pause:3.10@${digest}`, `registry.k8s.io/pause@${digest}`],
] as const) {
  test(`${text} is short for ${full}`, () => assert.equal(canonicalReference(text), full));
}

test('keeps the tag beside the digest, so that both can be shown', () => {
  assert.deepEqual(parseReference(`registry.k8s.io/pause:3.10@${digest}`), {
    registry: 'registry.k8s.io',
    repository: 'pause',
    tag: '3.10',
    digest,
  });
});

for (const [text, reason] of [
  ['', /not a repository/],
  ['Nginx', /lower case/],
  ['nginx:', /not a tag/],
  ['nginx:a b', /not a tag/],
  ['nginx@sha256:12', /not a sha256 digest/],
  ['a'.repeat(64), /bare image id/],
  ['registry.k8s.io/../etc', /not a repository/],
  ['-bad.example/app', /not a registry/],
  [`registry.k8s.io/${'a'.repeat(256)}`, /255/],
] as const) {
  test(`refuses ${JSON.stringify(text.slice(0, 30))}`, () => assert.throws(() => parseReference(text), reason));
}
