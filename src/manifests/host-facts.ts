import { join } from 'node:path';
import type { Paths } from '../config/paths.ts';
import type { HostFiles, HostMachine } from '../host/host.ts';
import type { ExtraEnv } from './component.ts';

/** What the manifests depend on besides the configuration. */
export type HostFacts = {
  /** Which of the optional trust store directories this machine has. */
  readonly trustStores: readonly string[];
  /** Whether ca.crt is there without its key: certificates are signed elsewhere. */
  readonly externalCA: boolean;
  /** Our own proxy variables, which the control plane inherits. */
  readonly proxyEnvs: readonly ExtraEnv[];
};

/** /etc/ssl/certs may hold links into these (kubeadm controlplane/volumes.go); they are the host's own, whatever the root. */
export const optionalTrustStores: readonly string[] = [
  '/etc/ca-certificates',
  '/etc/pki/ca-trust',
  '/etc/pki/tls/certs',
  '/usr/local/share/ca-certificates',
  '/usr/share/ca-certificates',
];

/** Asks the machine. */
export async function readHostFacts(
  host: Pick<HostFiles, 'stat'> & Pick<HostMachine, 'environment'>,
  paths: Paths,
): Promise<HostFacts> {
  const exists = async (path: string) => (await host.stat(path)) !== undefined;
  const [caCertificate, caKey, ...stores] = await Promise.all(
    [join(paths.certificatesDir, 'ca.crt'), join(paths.certificatesDir, 'ca.key'), ...optionalTrustStores].map(exists),
  );
  return {
    trustStores: optionalTrustStores.filter((_, index) => stores[index] === true),
    externalCA: caCertificate === true && caKey === false,
    proxyEnvs: proxyEnvs(host.environment()),
  };
}

/** The variables whose name ends with `_proxy`, in any case, and that are not empty (kubeadm util/env.go). */
function proxyEnvs(environment: Readonly<Record<string, string>>): readonly ExtraEnv[] {
  return Object.entries(environment)
    .filter(([name, value]) => name.toLowerCase().endsWith('_proxy') && value !== '')
    .map(([name, value]) => ({ name, value }));
}
