import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sha256Hex } from '../../../src/base/hash.ts';
import { type PkiFacts, planPki } from '../../../src/rollout/plan/plan-pki.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { anEcdsaConfig, makePki, pkiContext } from '../../fakes/pki-context.ts';
import { aPlane } from '../../fakes/rollout-builders.ts';

const pki = '/etc/kubernetes/pki';
const dayMs = 86_400_000;

/** The plan for a whole tree, with some of its files changed or gone (undefined). */
async function planWith(
  files: Readonly<Record<string, string | undefined>>,
  change: (facts: PkiFacts) => Partial<PkiFacts> = () => ({}),
) {
  const facts = (await aPlane()).pki;
  const laid = (found: PkiFacts['files']) => {
    const all = new Map(found);
    for (const [path, text] of Object.entries(files)) {
      const there = all.get(path);
      if (there === undefined) continue;
      if (text === undefined) all.delete(path);
      else all.set(path, { ...there, text });
    }
    return all;
  };
  const changed = {
    ...facts,
    files: laid(facts.files),
    kubeconfigFiles: laid(facts.kubeconfigFiles),
    ...change(facts),
  };
  const { reissue, blocked } = planPki(changed);
  return {
    reissue: reissue.map(({ file, because }) => `${file}: ${because}`),
    blocked: blocked.map(({ field, because }) => `${field}: ${because}`),
  };
}

const inAYear = ({ now }: PkiFacts) => ({ now: now + 400 * dayMs });

/** The texts of the tree that another run makes. */
async function otherTree(): Promise<MemoryHost> {
  const disk = new MemoryHost();
  await makePki(pkiContext(disk, { config: anEcdsaConfig() }));
  return disk;
}

describe('certificates and kubeconfigs', () => {
  test('that are right stay', async () => {
    assert.deepEqual(await planWith({}), { reissue: [], blocked: [] });
  });

  test('that have expired are issued anew, the CAs never', async () => {
    const { reissue, blocked } = await planWith({}, inAYear);
    assert.deepEqual(blocked, []);
    assert.equal(reissue.length, 12);
    assert.match(reissue[0] ?? '', /^apiserver\.crt: issued anew: it expired on /);
    assert.match(reissue.at(-1) ?? '', /^scheduler\.conf: issued anew: its client certificate expired on /);
  });

  test('that are gone come back, but for the key to everything', async () => {
    const { reissue } = await planWith({
      [`${pki}/apiserver.crt`]: undefined,
      '/etc/kubernetes/admin.conf': undefined,
      '/etc/kubernetes/super-admin.conf': undefined,
    });
    assert.deepEqual(reissue, [
      'apiserver.crt: issued anew: it is not there',
      'admin.conf: issued anew: it is not there',
    ]);
  });

  test('cannot be signed by a CA that is lost, and only that is said', async () => {
    const { reissue, blocked } = await planWith({
      [`${pki}/etcd/ca.crt`]: undefined,
      [`${pki}/etcd/ca.key`]: undefined,
    });
    assert.deepEqual(reissue, []);
    assert.equal(blocked.length, 1);
    assert.match(blocked[0] ?? '', /^etcd\/ca\.crt: everything that trusts a CA would be locked out/);
  });

  test('of an external CA must be supplied', async () => {
    const { blocked } = await planWith({ [`${pki}/front-proxy-ca.key`]: undefined }, inAYear);
    assert.equal(blocked.length, 1);
    assert.match(blocked[0] ?? '', /^front-proxy-client\.crt: it expired .*front-proxy-ca\.key is not here to sign/);
  });

  test('are not issued anew under a CA that somebody exchanged', async () => {
    const other = await otherTree();
    const files = { [`${pki}/ca.crt`]: other.text(`${pki}/ca.crt`), [`${pki}/ca.key`]: other.text(`${pki}/ca.key`) };
    const { reissue, blocked } = await planWith(files);
    assert.deepEqual(reissue, []);
    assert.match(blocked.join(), /^ca\.crt: what it signed is still in use/);
  });

  test('of another CA are put right when ours is as it was', async () => {
    const other = await otherTree();
    const files = {
      [`${pki}/front-proxy-client.crt`]: other.text(`${pki}/front-proxy-client.crt`),
      [`${pki}/front-proxy-client.key`]: other.text(`${pki}/front-proxy-client.key`),
    };
    const { reissue, blocked } = await planWith(files, (facts) => {
      const ca = `${pki}/front-proxy-ca.crt`;
      return { lastHashes: new Map([[ca, sha256Hex(facts.files.get(ca)?.text ?? '')]]) };
    });
    assert.deepEqual([reissue.length, blocked.length], [1, 0]);
    assert.match(reissue[0] ?? '', /^front-proxy-client\.crt: issued anew: it is not signed by the CA/);
  });

  test('need the key of service accounts as it was', async () => {
    const { blocked } = await planWith({ [`${pki}/sa.key`]: undefined, [`${pki}/sa.pub`]: undefined });
    assert.match(blocked.join(), /^sa\.key: every service account token is signed with it/);
  });

  test('are under the CA of the last good revision, even when all was exchanged with it', async () => {
    const other = await otherTree();
    const exchanged = Object.fromEntries(other.files().map((path) => [path, other.text(path)]));
    const { reissue, blocked } = await planWith(exchanged, lastHashes);
    assert.deepEqual(reissue, []);
    assert.deepEqual(
      blocked.map((text) => text.replace(/:.*/, '')),
      ['ca.crt', 'front-proxy-ca.crt', 'etcd/ca.crt', 'sa.key'],
    );
  });

  test('stay when their CA was renewed under its key', async () => {
    const { blocked } = await planWith({}, (facts) => {
      const ca = `${pki}/ca.crt`;
      return { lastHashes: new Map([...lastHashes(facts).lastHashes, [ca, 'of the former certificate']]) };
    });
    assert.deepEqual(blocked, []);
  });

  test('keep a sound key, and get another in place of one that is lost', async () => {
    const facts = (await aPlane()).pki;
    const later = { ...facts, now: facts.now + 400 * dayMs };
    const pathsOf = (found: PkiFacts) => planPki(found).reissue.find(({ name }) => name === 'apiserver')?.paths;
    assert.deepEqual(pathsOf(later), [`${pki}/apiserver.crt`]);
    const files = new Map([...facts.files].filter(([path]) => path !== `${pki}/apiserver.key`));
    assert.deepEqual(pathsOf({ ...later, files }), [`${pki}/apiserver.key`, `${pki}/apiserver.crt`]);
  });
});

/** As if the last good revision had been written with the facts' own files. */
function lastHashes(facts: PkiFacts): { readonly lastHashes: NonNullable<PkiFacts['lastHashes']> } {
  return { lastHashes: new Map([...facts.files].map(([path, { text }]) => [path, sha256Hex(text)])) };
}
