import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { connect } from 'node:tls';
import { parse, stringify } from 'yaml';
import { issueCertificate } from '../../../src/pki/x509.ts';
import type { Change, RolloutPlan } from '../../../src/rollout/types.ts';
import { program } from '../../components/locations.ts';
import { expectCode, type Ran, run } from './command.ts';
import type { RuntimeUnderTest } from './engine.ts';
import { containerIds, Plane } from './plane.ts';
import { keyPem, newKey, publicPem } from './reload/workshop.ts';

export type Wanted = {
  readonly certSANs?: readonly string[];
  readonly endpoint?: string;
  readonly address?: string;
  readonly name?: string;
  /** Audit policy, encryption and admission configuration. */
  readonly files?: boolean;
  readonly verbosity?: string;
};

type Kubeconfig = {
  readonly clusters: readonly [{ readonly cluster: { readonly server: string } }];
  readonly users: [{ user: Record<string, string> }];
};

/** A control plane whose configuration changes, and what can be seen of it. */
export class FollowingPlane extends Plane {
  constructor(runtime: RuntimeUnderTest) {
    super(runtime, { documents: 'rollout:\n  apiServer: recreate\n  settle: 1s\n' });
    this.writeInput('audit.yaml', this.auditPolicy('None'));
    this.writeInput('encryption.yaml', this.encryption('identity'));
    this.writeInput('admission.yaml', admission('privileged'));
  }

  configure({ certSANs, endpoint, address = '127.0.0.1', name = 'node1', files, verbosity }: Wanted): void {
    const inputs = this.path('inputs');
    const flags = {
      'audit-policy-file': `${inputs}/audit.yaml`,
      'audit-log-path': '-',
      'encryption-provider-config': `${inputs}/encryption.yaml`,
      'admission-control-config-file': `${inputs}/admission.yaml`,
    };
    const loud = verbosity === undefined ? [] : [{ name: 'v', value: verbosity }];
    const fileArgs = Object.entries(files === true ? flags : {}).map(([flag, value]) => ({ name: flag, value }));
    const volume = { name: 'inputs', hostPath: inputs, mountPath: inputs, readOnly: true, pathType: 'Directory' };
    const cluster = {
      apiServer: {
        ...(certSANs !== undefined && { certSANs }),
        extraArgs: [...fileArgs, ...loud],
        extraVolumes: files === true ? [volume] : [],
      },
      controllerManager: { extraArgs: loud },
      scheduler: { extraArgs: loud },
      ...(endpoint !== undefined && { controlPlaneEndpoint: `${endpoint}:${this.ports.apiServer}` }),
    };
    this.writeConfig({ cluster: stringify(cluster), documents: 'rollout:\n  apiServer: recreate\n  settle: 1s\n' });
    const text = readFileSync(this.config, 'utf8').replace(
      'advertiseAddress: 127.0.0.1',
      `advertiseAddress: ${address}`,
    );
    writeFileSync(this.config, text.replace('name: node1', `name: ${name}`));
  }

  async plan(): Promise<RolloutPlan> {
    const ran = await this.bootstrap(['plan', '--config', this.config, '-o', 'json']);
    return JSON.parse(expectCode(ran, 10).stdout) as RolloutPlan;
  }

  apply(args: readonly string[] = []): Promise<Ran> {
    return this.bootstrap(['apply', '--config', this.config, ...args], { timeoutMs: 240_000 });
  }

  /** Applies the configuration; gives the components that it restarted. Canaries are other tests' matter. */
  applied(): Promise<readonly string[]> {
    return this.#restarted(['apply', '--config', this.config, '--skip-canary']);
  }

  rolledBack(to: string): Promise<readonly string[]> {
    return this.#restarted(['rollback', '--to', to, '--skip-canary']);
  }

  async #restarted(command: readonly string[]): Promise<readonly string[]> {
    const before = containerIds(await this.status());
    const { stdout } = expectCode(await this.bootstrap([...command, '-o', 'json'], { timeoutMs: 240_000 }), 0);
    const { restarted } = JSON.parse(stdout) as { readonly restarted: readonly string[] };
    const after = containerIds(await this.status());
    for (const component of restarted) {
      if (after[`${component}-node1`] === before[`${component}-node1`]) throw new Error(`${component} still runs`);
    }
    return restarted;
  }

  async history(): Promise<readonly { readonly number: number; readonly changes: readonly string[] }[]> {
    const { stdout } = expectCode(await this.bootstrap(['history', '-o', 'json']), 0);
    return (JSON.parse(stdout) as { revisions: { number: number; changes: string[] }[] }).revisions;
  }

  serverOf(file: string): string {
    return this.#kubeconfig(file).clusters[0].cluster.server;
  }

  clientCertificate(file: string): readonly string[] {
    const data = this.#kubeconfig(file).users[0].user['client-certificate-data'] ?? '';
    return [Buffer.from(data, 'base64').toString()];
  }

  #kubeconfig(file: string): Kubeconfig {
    return parse(readFileSync(this.path(`etc/kubernetes/${file}`), 'utf8')) as Kubeconfig;
  }

  pki(file: string): string {
    return this.path(`etc/kubernetes/pki/${file}`);
  }

  sansOf(file: string): string {
    return new X509Certificate(readFileSync(this.pki(file))).subjectAltName ?? '';
  }

  /** The names in the certificate that the API server shows. */
  servedSans(): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: this.ports.apiServer ?? 0, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().subjectaltname ?? '');
        socket.destroy();
      });
      socket.on('error', reject);
    });
  }

  async peerUrls(): Promise<readonly string[]> {
    const files = [
      '--cacert',
      this.pki('etcd/ca.crt'),
      '--cert',
      this.pki('etcd/server.crt'),
      '--key',
      this.pki('etcd/server.key'),
    ];
    const endpoint = `--endpoints=https://127.0.0.1:${this.ports.etcdClient}`;
    const listed = expectCode(await run(program('etcdctl'), [endpoint, ...files, 'member', 'list', '-w', 'json']), 0);
    const { members } = JSON.parse(listed.stdout) as {
      readonly members: readonly { readonly peerURLs: readonly string[] }[];
    };
    return members.flatMap(({ peerURLs }) => peerURLs);
  }

  /** Puts a client certificate into a kubeconfig that expired a day ago, under the same CA and key. */
  expire(file: string): void {
    const kubeconfig = this.#kubeconfig(file);
    const { user } = kubeconfig.users[0];
    const key = createPrivateKey(Buffer.from(user['client-key-data'] ?? '', 'base64').toString());
    const ca = {
      certificate: new X509Certificate(readFileSync(this.pki('ca.crt'))),
      key: createPrivateKey(readFileSync(this.pki('ca.key'), 'utf8')),
    };
    const period = { notBeforeMs: Date.now() - 172_800_000, notAfterMs: Date.now() - 86_400_000 };
    const content = {
      commonName: 'system:kube-scheduler',
      organizations: [],
      isCa: false,
      usages: ['clientAuth'] as const,
      sans: [],
    };
    user['client-certificate-data'] = Buffer.from(
      issueCertificate({ ...content, ...period }, key, ca).toString(),
    ).toString('base64');
    writeFileSync(this.path(`etc/kubernetes/${file}`), stringify(kubeconfig), { mode: 0o600 });
  }

  /** Puts another pair in the place of this one: a copy of `other`, or a new key; gives what undoes it. */
  exchange(name: 'ca' | 'sa', other: string | undefined): () => void {
    const key = newKey();
    const files = name === 'ca' ? ['ca.crt', 'ca.key'] : ['sa.pub', 'sa.key'];
    const before = files.map((file) => readFileSync(this.pki(file)));
    const made =
      other === undefined
        ? [publicPem(key), keyPem(key)]
        : [`${other}.crt`, `${other}.key`].map((file) => readFileSync(this.pki(file)));
    files.forEach((file, index) => void writeFileSync(this.pki(file), made[index] ?? ''));
    return () => files.forEach((file, index) => void writeFileSync(this.pki(file), before[index] ?? ''));
  }

  input(name: string): string {
    return readFileSync(this.path(`inputs/${name}`), 'utf8');
  }

  writeInput(name: string, text: string): void {
    const path = this.path(`inputs/${name}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.new`, text, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  }

  /** Its audit log is its standard output. */
  async auditLog(): Promise<string> {
    return expectCode(await this.bootstrap(['logs', 'kube-apiserver', '--tail', '500']), 0).stdout;
  }

  auditPolicy(level: string): string {
    return stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level }] });
  }

  encryption(first: 'identity' | 'aescbc'): string {
    const aescbc = { aescbc: { keys: [{ name: 'one', secret: Buffer.alloc(32, 7).toString('base64') }] } };
    const providers = first === 'aescbc' ? [aescbc, { identity: {} }] : [{ identity: {} }, aescbc];
    const resources = [{ resources: ['secrets'], providers }];
    return stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources });
  }
}

function admission(enforce: string): string {
  const configuration = {
    ...{ apiVersion: 'pod-security.admission.config.k8s.io/v1', kind: 'PodSecurityConfiguration' },
    defaults: { enforce, 'enforce-version': 'latest' },
  };
  const plugins = [{ name: 'PodSecurity', configuration }];
  return stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration', plugins });
}

/** Every change of a plan, whoever it concerns, by name once. */
export function changesOf({ components, files }: RolloutPlan): readonly Change[] {
  const all = [...components.flatMap(({ changes }) => changes), ...files];
  return all.filter(({ name }, index) => all.findIndex((other) => other.name === name) === index);
}
