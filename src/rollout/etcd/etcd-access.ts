import type { Paths } from '../../config/paths.ts';
import { createEtcdClient, type EtcdClient, readEtcdAccess } from '../../etcd/client.ts';
import { readManifests } from '../../health/manifest-files.ts';
import type { HostFiles, HostNetwork } from '../../host/host.ts';

export type EtcdFlags = Readonly<Record<string, string>>;

/** The flags of the etcd manifest that is on disk; undefined when there is none, as with an external etcd. */
export async function etcdFlags(
  host: Pick<HostFiles, 'readText'>,
  paths: Pick<Paths, 'manifestsDir'>,
): Promise<EtcdFlags | undefined> {
  return (await readManifests(host, paths)).find(({ component }) => component === 'etcd')?.flags;
}

/**
 * Where this machine asks etcd: a loopback address where it listens on one. With listen-client-http-urls the gateway is
 * there alone (etcd embed/serve.go).
 */
export function etcdEndpoint(flags: EtcdFlags): string {
  const urls = (flags['listen-client-http-urls'] ?? flags['listen-client-urls'] ?? '').split(',').filter(Boolean);
  const local = urls.find((url) => /^https?:\/\/(?:127\.|\[::1\]|localhost\b)/.test(url));
  return (local ?? urls[0] ?? 'http://127.0.0.1:2379').replace('//0.0.0.0', '//127.0.0.1').replace('//[::]', '//[::1]');
}

/** A client of the member whose flags these are. Throws when there are no certificates to ask with. */
export async function openEtcd(
  context: {
    readonly host: Pick<HostFiles, 'readText'> & Pick<HostNetwork, 'request' | 'requestStream'>;
    readonly paths: Pick<Paths, 'certificatesDir'>;
    readonly signal: AbortSignal;
  },
  flags: EtcdFlags,
): Promise<EtcdClient> {
  const { host, paths, signal } = context;
  return createEtcdClient(host, await readEtcdAccess(host, paths, etcdEndpoint(flags)), { signal });
}
