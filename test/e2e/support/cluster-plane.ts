import { readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type ApiObject, objectTitle } from '../../../src/cluster/wanted-object.ts';
import { program } from '../../components/locations.ts';
import { expectCode, type Ran, run } from './command.ts';
import { Plane } from './plane.ts';

export const token = 'abcdef.0123456789abcdef';

/** A plane on this machine's own address, which kubeadm takes too: it refuses loopback addresses. */
export class ClusterPlane extends Plane {
  readonly address: string;
  /** For kubeadm: the same without our own document. */
  readonly kubeadmConfig: string;

  constructor() {
    super('process');
    this.address = ownAddress();
    this.kubeadmConfig = join(this.root, 'kubeadm.yaml');
    const { apiServer, ...ours } = this.ports;
    const documents = kubeadmDocuments(this.address, Number(apiServer));
    const bootstrap = {
      apiVersion: 'kube-bootstrap/v1alpha1',
      kind: 'BootstrapConfiguration',
      runtime: { type: 'process' },
      ports: ours,
    };
    writeFileSync(this.kubeadmConfig, documents);
    writeFileSync(this.config, `${documents}---\n${JSON.stringify(bootstrap)}\n`);
  }

  /** Runs kubeadm with a directory, this plane's own unless another is given, at the fixed place /etc/kubernetes. */
  kubeadm(args: readonly string[], directory = this.path('etc/kubernetes')): Promise<Ran> {
    const script = `set -e
mount --make-rprivate /
[ -d /etc/kubernetes ] || { made=1; mkdir /etc/kubernetes; }
mount --bind "$1" /etc/kubernetes
shift
"$@" || code=$?
umount /etc/kubernetes
[ -z "$made" ] || rmdir /etc/kubernetes
exit \${code:-0}`;
    return run('unshare', ['-m', 'sh', '-c', script, 'sh', directory, program('kubeadm'), ...args]);
  }

  /** Every object of these kinds, by title. */
  async objects(): Promise<Readonly<Record<string, ApiObject>>> {
    const namespaced =
      'configmaps,secrets,serviceaccounts,services,deployments.apps,daemonsets.apps,roles,rolebindings';
    const found = await Promise.all([
      ...['kube-system', 'kube-public'].map((namespace) => this.get(namespaced, ['-n', namespace])),
      this.get('clusterroles,clusterrolebindings,nodes'),
    ]);
    return Object.fromEntries(found.flat().map((object) => [objectTitle(object), object]));
  }

  async get(kinds: string, args: readonly string[] = []): Promise<readonly ApiObject[]> {
    const ran = await this.kubectl(['get', kinds, ...args, '-o', 'json', '--show-managed-fields']);
    return (JSON.parse(expectCode(ran, 0).stdout) as { items: ApiObject[] }).items;
  }

  read(path: string): string {
    return readFileSync(path, 'utf8');
  }

  /** Writes a file below the root; gives its path. */
  write(name: string, text: string): string {
    const file = this.path(name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }
}

function kubeadmDocuments(address: string, port: number): string {
  return `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
nodeRegistration: {name: node1, criSocket: "unix:///run/containerd/containerd.sock"}
localAPIEndpoint: {advertiseAddress: "${address}", bindPort: ${port}}
bootstrapTokens: [{token: ${token}}]
certificateKey: "${'0a'.repeat(32)}"
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.37.2
controlPlaneEndpoint: "${address}:${port}"
networking: {podSubnet: 10.244.0.0/16}
`;
}

function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const found = all.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (found === undefined) throw new Error('this machine has no address but loopback ones, which kubeadm refuses');
  return found.address;
}
