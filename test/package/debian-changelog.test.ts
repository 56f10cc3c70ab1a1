import assert from 'node:assert/strict';
import { test } from 'node:test';
import { debianChangelog, debianVersion } from '../../scripts/package/debian-changelog.ts';

const changelog = `# Changelog

## 0.2.0-rc.1 (unreleased)

- one
  more
- ${'two '.repeat(25).trim()}

## 0.1.0 (2026-01-31)

- first
`;

test('each release is a stanza that Debian’s tools can read', () => {
  assert.equal(
    debianChangelog(changelog, { epochSeconds: 1_790_000_000 }),
    `kube-bootstrap (0.2.0~rc.1) unstable; urgency=medium

  * one more
  * ${'two '.repeat(18).trim()}
    ${'two '.repeat(7).trim()}

 -- kube-bootstrap authors <kube-bootstrap@example.invalid>  Mon, 21 Sep 2026 14:13:20 +0000

kube-bootstrap (0.1.0) unstable; urgency=medium

  * first

 -- kube-bootstrap authors <kube-bootstrap@example.invalid>  Sat, 31 Jan 2026 00:00:00 +0000
`,
  );
});

test('a pre-release sorts before its release', () => {
  assert.equal(debianVersion('0.2.0-rc.1'), '0.2.0~rc.1');
  assert.equal(debianVersion('0.2.0'), '0.2.0');
});
