import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { loadConfig } from '../../src/config/load.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { certificateExpirations } from '../../src/kubeconfig/expirations.ts';
import type { PhaseContext } from '../../src/phases/phase.ts';
import { planPki, startPki } from '../../src/phases/pki.ts';
import { program } from '../components/locations.ts';
import { expectCode, type Ran, run } from './support/command.ts';
import { certificateFacts, keyFacts, kubeconfigFacts, modes } from './support/pki-facts.ts';

/** InitConfiguration and ClusterConfiguration as both programs read them, without heading and certificatesDir. */
type Case = { readonly name: string; readonly init?: string; readonly cluster?: string };

const cases: readonly Case[] = [
  { name: 'the defaults' },
  { name: 'ECDSA-P256', cluster: 'encryptionAlgorithm: ECDSA-P256' },
  {
    name: 'IPv6',
    init: 'localAPIEndpoint: {advertiseAddress: "2001:db8::10", bindPort: 7443}',
    cluster: 'networking: {serviceSubnet: "fd00:10:96::/112", podSubnet: "fd00:10:244::/56"}',
  },
  {
    name: 'dual-stack',
    cluster:
      'networking: {serviceSubnet: "10.96.0.0/16,fd00:10:96::/112", podSubnet: "10.244.0.0/16,fd00:10:244::/56"}',
  },
  {
    name: 'external etcd',
    cluster: `etcd:
  external: {endpoints: ["https://192.0.2.50:2379"], caFile: /x/ca.crt, certFile: /x/c.crt, keyFile: /x/c.key}`,
  },
  {
    name: 'many names, a control plane endpoint, other validity and ECDSA-P384',
    cluster: `controlPlaneEndpoint: "api.example.com:8443"
clusterName: "prod: 1"
encryptionAlgorithm: ECDSA-P384
certificateValidityPeriod: 720h
caCertificateValidityPeriod: 43800h
networking: {dnsDomain: cluster.example, serviceSubnet: 172.30.0.0/16}
apiServer: {certSANs: [zeta.example.com, "*.apps.example.com", 198.51.100.7, "2001:db8::7", api.example.com, 192.0.2.10]}
etcd: {local: {serverCertSANs: [etcd.example.com, 198.51.100.8], peerCertSANs: [peer.example.com, "::1"]}}`,
  },
];

/** One configuration with a PKI by kubeadm and one by us. */
class Pair {
  readonly given: Case;
  #directory: string | undefined;

  constructor(given: Case) {
    this.given = given;
  }

  /** Made when first asked for, so that a test that is not selected leaves nothing behind. */
  get directory(): string {
    if (this.#directory === undefined) {
      this.#directory = mkdtempSync(join(tmpdir(), 'pki-'));
      for (const name of ['kubeadm', 'ours']) mkdirSync(join(this.#directory, name));
    }
    return this.#directory;
  }

  get kubeadmDir(): string {
    return join(this.directory, 'kubeadm');
  }

  get root(): string {
    return join(this.directory, 'ours');
  }

  get oursDir(): string {
    return join(this.root, 'etc/kubernetes');
  }

  /** Writes the configuration with this certificatesDir and gives its path. */
  config(path: string, certificatesDir: string): string {
    const { init = 'localAPIEndpoint: {advertiseAddress: 192.0.2.10}', cluster = '' } = this.given;
    const heading = (kind: string) => `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ${kind}\n`;
    const text = `${heading('InitConfiguration')}nodeRegistration: {name: node1}\n${init}\n---
${heading('ClusterConfiguration')}kubernetesVersion: v1.37.2\ncertificatesDir: ${certificatesDir}\n${cluster}\n`;
    writeFileSync(path, text);
    return path;
  }

  kubeadm(...args: readonly string[]): Promise<Ran> {
    return run(program('kubeadm'), args);
  }

  async makeByKubeadm(): Promise<void> {
    const config = this.config(join(this.directory, 'kubeadm.yaml'), join(this.kubeadmDir, 'pki'));
    expectCode(await this.kubeadm('init', 'phase', 'certs', 'all', '--config', config), 0);
    const kubeconfigs = ['init', 'phase', 'kubeconfig', 'all', '--config', config, '--kubeconfig-dir', this.kubeadmDir];
    expectCode(await this.kubeadm(...kubeconfigs), 0);
  }

  async context(): Promise<PhaseContext & { readonly actions: string[] }> {
    const file = this.config(join(this.root, 'config.yaml'), '/etc/kubernetes/pki');
    const config = await loadConfig({ host: nodeHost, file, flags: {}, rootDir: this.root });
    const actions: string[] = [];
    const silent = { warn() {}, waiting() {}, info() {}, file() {} };
    return {
      config,
      paths: pathsOf(this.root),
      host: nodeHost,
      clock: systemClock,
      report: { ...silent, item: ({ item, action }) => actions.push(`${action} ${item}`) },
      log: silentLog,
      signal: new AbortController().signal,
      dryRun: false,
      actions,
    };
  }

  async makeByUs(): Promise<readonly string[]> {
    const context = await this.context();
    const plan = await planPki(context);
    assert.deepEqual(plan.findings, []);
    await startPki(context, plan).done;
    return context.actions;
  }

  pki(by: 'kubeadm' | 'ours'): string {
    return join(by === 'kubeadm' ? this.kubeadmDir : this.oursDir, 'pki');
  }

  files(by: 'kubeadm' | 'ours', ending: string): readonly string[] {
    const names = readdirSync(this.pki(by), { recursive: true }).map(String);
    return names.filter((name) => name.endsWith(ending)).sort();
  }

  remove(): void {
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true });
  }
}

for (const given of cases) {
  describe(`with ${given.name}`, () => {
    const pair = new Pair(given);
    before(async () => {
      await pair.makeByKubeadm();
      await pair.makeByUs();
    });
    after(() => pair.remove());

    test("the files and modes are kubeadm's", () => {
      assert.deepEqual(modes(pair.oursDir), modes(pair.kubeadmDir));
    });

    test("every certificate says what kubeadm's says", async () => {
      for (const name of pair.files('kubeadm', '.crt')) {
        const facts = (by: 'kubeadm' | 'ours') => certificateFacts(readFileSync(join(pair.pki(by), name), 'utf8'));
        const [ours, theirs] = await Promise.all([facts('ours'), facts('kubeadm')]);
        assert.deepEqual(ours, theirs, name);
      }
    });

    test("every key is of kubeadm's kind", () => {
      for (const name of [...pair.files('kubeadm', '.key'), 'sa.pub']) {
        const facts = (by: 'kubeadm' | 'ours') => keyFacts(readFileSync(join(pair.pki(by), name), 'utf8'));
        assert.equal(facts('ours'), facts('kubeadm'), name);
      }
    });

    test("every kubeconfig is kubeadm's but for the keys", async () => {
      for (const name of readdirSync(pair.kubeadmDir).filter((file) => file.endsWith('.conf'))) {
        const ours = await kubeconfigFacts(join(pair.oursDir, name), pair.pki('ours'));
        assert.deepEqual(ours, await kubeconfigFacts(join(pair.kubeadmDir, name), pair.pki('kubeadm')), name);
      }
    });

    test('openssl verifies every chain for what it is used for', async () => {
      for (const name of pair.files('ours', '.crt')) {
        const ca =
          name.startsWith('etcd/') || name.includes('etcd')
            ? 'etcd/ca'
            : name.includes('proxy')
              ? 'front-proxy-ca'
              : 'ca';
        const purposes = name.includes('client') ? ['sslclient'] : name.endsWith('ca.crt') ? [] : ['sslserver'];
        const purpose = purposes.flatMap((use) => ['-purpose', use]);
        const [caFile, file] = [`${ca}.crt`, name].map((path) => join(pair.pki('ours'), path));
        expectCode(await run('openssl', ['verify', ...purpose, '-CAfile', caFile ?? '', file ?? '']), 0);
      }
    });

    test('kubeadm keeps what we made, and we keep what kubeadm made', async () => {
      const contents = () =>
        modes(pair.oursDir)
          .map((line) => line.split(' ')[0] ?? '')
          .filter((path) => /\.[a-z]+$/.test(path))
          .map((path) => readFileSync(join(pair.oursDir, path), 'utf8'));
      const written = contents();
      const config = pair.config(join(pair.directory, 'again.yaml'), pair.pki('ours'));
      const { stdout } = expectCode(await pair.kubeadm('init', 'phase', 'certs', 'all', '--config', config), 0);
      assert.doesNotMatch(stdout, /Generating/);
      const confs = ['init', 'phase', 'kubeconfig', 'all', '--config', config, '--kubeconfig-dir', pair.oursDir];
      assert.doesNotMatch(expectCode(await pair.kubeadm(...confs), 0).stdout, /Writing/);
      assert.deepEqual(contents(), written);
      rmSync(pair.oursDir, { recursive: true });
      expectCode(await run('cp', ['-a', pair.kubeadmDir, pair.oursDir]), 0);
      const actions = await pair.makeByUs();
      assert.ok(actions.length >= 11 && actions.every((action) => action.startsWith('keep ')), actions.join());
    });
  });
}

describe('kubeadm certs check-expiration against our directory', () => {
  const pair = new Pair({ name: 'the defaults' });
  before(() => pair.makeByUs().then(() => {}));
  after(() => pair.remove());

  test('reports every certificate present and valid, as we do ourselves', async () => {
    pair.config(join(pair.root, 'config.yaml'), '/etc/kubernetes/pki');
    // kubeadm looks for kubeconfigs in /etc/kubernetes alone, so our root directory becomes its root.
    const args = ['--rootfs', pair.root, 'certs', 'check-expiration', '--config', '/config.yaml', '-o', 'json'];
    const asRoot = process.getuid?.() === 0 ? [] : ['unshare', '--user', '--map-root-user'];
    const [command = '', ...rest] = [...asRoot, program('kubeadm'), ...args];
    const { code } = await run(asRoot[0] ?? 'true', [...asRoot.slice(1), 'true']);
    if (code !== 0) {
      assert.match((await pair.kubeadm(...args)).stderr, /unable to chroot/, 'neither root nor user namespaces');
      return;
    }
    const { stdout } = expectCode(await run(command, rest), 0);
    const { certificates, certificateAuthorities } = JSON.parse(stdout);
    const theirs = [...certificates, ...certificateAuthorities].map((entry) => ({
      name: entry.name,
      missing: entry.missing,
      externallyManaged: entry.externallyManaged,
      expiresAt: Date.parse(entry.expirationDate),
      valid: entry.residualTime > 0,
    }));
    const ours = (await certificateExpirations(nodeHost, pathsOf(pair.root), Date.now())).map((entry) => ({
      name: entry.name,
      missing: entry.missing,
      externallyManaged: entry.externallyManaged,
      expiresAt: entry.expiresAt,
      valid: (entry.residualDays ?? -1) > 0,
    }));
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    assert.equal(theirs.length, 14);
    assert.ok(theirs.every(({ missing, valid }) => !missing && valid));
    assert.deepEqual(ours.sort(byName), theirs.sort(byName));
  });
});

describe('a CA that openssl made, its name encoded otherwise than we would and its key in PKCS#8', () => {
  const pair = new Pair({ name: 'the defaults' });
  after(() => pair.remove());

  test('signs our certificates, and openssl verifies them', async () => {
    mkdirSync(pair.pki('ours'), { recursive: true });
    const [crt, key] = ['ca.crt', 'ca.key'].map((name) => join(pair.pki('ours'), name));
    const subject = ['-subj', '/O=Example/CN=Ausstellerin ä', '-utf8', '-days', '30'];
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, '-keyout', key ?? '', '-out', crt ?? ''];
    expectCode(await run('openssl', made), 0);
    assert.ok((await pair.makeByUs()).includes('keep ca.crt'));
    const apiserver = join(pair.pki('ours'), 'apiserver.crt');
    expectCode(await run('openssl', ['verify', '-CAfile', crt ?? '', apiserver]), 0);
    const { stdout } = await run('openssl', ['x509', '-noout', '-text', '-in', apiserver]);
    assert.match(stdout, /Authority Key Identifier/);
  });
});
