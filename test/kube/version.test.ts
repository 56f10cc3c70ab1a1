import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  compareVersions,
  etcdImageTag,
  isVersionLabel,
  parseVersion,
  releaseVersion,
  supportedMinors,
  versionImageTag,
} from '../../src/kube/version.ts';

describe('versions', () => {
  it('takes semantic versions apart, with or without the v', () => {
    assert.deepEqual(parseVersion('v1.37.2'), { major: 1, minor: 37, patch: 2, preRelease: '', build: '' });
    assert.deepEqual(parseVersion('1.38.0-alpha.2.3+abc.d'), {
      major: 1,
      minor: 38,
      patch: 0,
      preRelease: 'alpha.2.3',
      build: 'abc.d',
    });
    for (const text of ['1.37', 'v1.37.x', 'v01.2.3', '', 'latest', 'v1.37.2 '])
      assert.equal(parseVersion(text), undefined, text);
  });

  it('orders them as semver.org does, the build counting for nothing', () => {
    const order = [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
      '1.0.1',
      '1.2.0',
      '2.0.0',
    ];
    const parsed = order.map((text) => parseVersion(text) ?? assert.fail(text));
    for (const [i, a] of parsed.entries()) {
      for (const [j, b] of parsed.entries())
        assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${order[i]} ${order[j]}`);
    }
    assert.equal(
      compareVersions(parseVersion('1.0.0+a') ?? assert.fail(), parseVersion('1.0.0+b') ?? assert.fail()),
      0,
    );
  });

  it('knows the labels that stand for a version', () => {
    for (const text of ['stable', 'latest', 'stable-1', 'latest-1.37', 'stable-1.9', 'release/stable-1'])
      assert.ok(isVersionLabel(text), text);
    for (const text of ['v1.37.2', 'stable-', 'ci/latest', 'newest', 'stable-1.377'])
      assert.ok(!isVersionLabel(text), text);
  });

  it('has an etcd for every version that it deploys, and the nearest for others', () => {
    assert.ok(supportedMinors.includes(parseVersion(releaseVersion)?.minor ?? 0));
    for (const version of [releaseVersion, 'v1.36.5', 'v1.30.0', 'v1.99.0', 'nonsense'])
      assert.equal(etcdImageTag(version), '3.7.0-0');
    assert.equal(versionImageTag('v1.37.2-rc.0+abc'), 'v1.37.2-rc.0_abc');
  });
});
