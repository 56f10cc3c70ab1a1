import { join } from 'node:path';
import type { Config } from '../config/types.ts';
import { apiServerSans, etcdPeerSans, etcdServerSans } from './sans.ts';
import type { Usage } from './x509.ts';

type CaName = 'ca' | 'front-proxy-ca' | 'etcd-ca';

/** One certificate with its key. Names are kubeadm's subphases; `baseName` is below certificatesDir, without ending. */
export type CertificateSpec = {
  readonly name: string;
  readonly baseName: string;
  readonly summary: string;
  /** Who signs; none = a CA, which signs itself. */
  readonly ca?: CaName;
  readonly commonName: (config: Config) => string;
  readonly usages: readonly Usage[];
  readonly sans?: (config: Config) => readonly string[];
  /** Part of the etcd that we run; not made when etcd is external. */
  readonly etcd?: true;
};

const nodeName = (config: Config) => config.init.nodeRegistration.name;

/** The certificate tree, in kubeadm's order: each CA before what it signs (kubeadm phases/certs/certlist.go). */
export const certificates: readonly CertificateSpec[] = [
  {
    name: 'ca',
    baseName: 'ca',
    summary: 'self-signed Kubernetes CA to provision identities for other Kubernetes components',
    commonName: () => 'kubernetes',
    usages: [],
  },
  {
    name: 'apiserver',
    baseName: 'apiserver',
    summary: 'certificate for serving the Kubernetes API',
    ca: 'ca',
    commonName: () => 'kube-apiserver',
    usages: ['serverAuth'],
    sans: apiServerSans,
  },
  {
    name: 'apiserver-kubelet-client',
    baseName: 'apiserver-kubelet-client',
    summary: 'certificate for the API server to connect to kubelet',
    ca: 'ca',
    commonName: () => 'kube-apiserver-kubelet-client',
    usages: ['clientAuth'],
  },
  {
    name: 'front-proxy-ca',
    baseName: 'front-proxy-ca',
    summary: 'self-signed CA to provision identities for front proxy',
    commonName: () => 'front-proxy-ca',
    usages: [],
  },
  {
    name: 'front-proxy-client',
    baseName: 'front-proxy-client',
    summary: 'certificate for the front proxy client',
    ca: 'front-proxy-ca',
    commonName: () => 'front-proxy-client',
    usages: ['clientAuth'],
  },
  {
    name: 'etcd-ca',
    baseName: 'etcd/ca',
    summary: 'self-signed CA to provision identities for etcd',
    commonName: () => 'etcd-ca',
    usages: [],
    etcd: true,
  },
  {
    name: 'etcd-server',
    baseName: 'etcd/server',
    summary: 'certificate for serving etcd',
    ca: 'etcd-ca',
    commonName: nodeName,
    // Its gRPC gateway shows the server certificate as a client (etcd issue 9785).
    usages: ['serverAuth', 'clientAuth'],
    sans: etcdServerSans,
    etcd: true,
  },
  {
    name: 'etcd-peer',
    baseName: 'etcd/peer',
    summary: 'certificate for etcd nodes to communicate with each other',
    ca: 'etcd-ca',
    commonName: nodeName,
    usages: ['serverAuth', 'clientAuth'],
    sans: etcdPeerSans,
    etcd: true,
  },
  {
    name: 'etcd-healthcheck-client',
    baseName: 'etcd/healthcheck-client',
    summary: 'certificate for liveness probes to healthcheck etcd',
    ca: 'etcd-ca',
    commonName: () => 'kube-etcd-healthcheck-client',
    usages: ['clientAuth'],
    etcd: true,
  },
  {
    name: 'apiserver-etcd-client',
    baseName: 'apiserver-etcd-client',
    summary: 'certificate the apiserver uses to access etcd',
    ca: 'etcd-ca',
    commonName: () => 'kube-apiserver-etcd-client',
    usages: ['clientAuth'],
    etcd: true,
  },
];

/** The key pair that signs service account tokens; no certificate, so not in the table above. */
export const serviceAccountKeys = {
  name: 'sa',
  baseName: 'sa',
  summary: 'private key for signing service account tokens along with its public key',
} as const;

/** What a starting etcd reads, then what the API server reads: the order in which new files are made. */
export const creationOrder: readonly string[] = [
  'etcd-ca',
  'etcd-server',
  'etcd-peer',
  'ca',
  'apiserver',
  'apiserver-etcd-client',
  'front-proxy-ca',
  'front-proxy-client',
  'apiserver-kubelet-client',
  'sa',
  'etcd-healthcheck-client',
];

/** The part of `creationOrder` that etcd needs to start (contract 7: start it as soon as its own files are there). */
export const etcdStartCertificates: readonly string[] = ['etcd-ca', 'etcd-server', 'etcd-peer'];

/** The certificates that this configuration wants: without etcd's when that is external. */
export function certificatesOf(config: Config): readonly CertificateSpec[] {
  return certificates.filter((spec) => config.cluster.etcd.external === undefined || spec.etcd === undefined);
}

export function certificateFile(certificatesDir: string, baseName: string, ending: 'crt' | 'key' | 'pub'): string {
  return join(certificatesDir, `${baseName}.${ending}`);
}
