import { dirname, resolve } from 'node:path';
import type { HostFiles } from '../host/host.ts';
import type { ClusterAccess } from '../kube/client.ts';
import { parseKubeconfig } from './kubeconfig.ts';

/** How a kubeconfig file reaches its API server, with the files that it names read. Throws when it is not there or broken. */
export async function readClusterAccess(host: Pick<HostFiles, 'readText'>, path: string): Promise<ClusterAccess> {
  const text = await host.readText(path);
  if (text === undefined) throw new Error(`${path} is not there`);
  const { server, caFile, clientCertificateFile, clientKeyFile, tokenFile, ...access } = parseKubeconfig(text, path);
  const beside = async (file: string | undefined) =>
    file === undefined ? undefined : await host.readText(resolve(dirname(path), file));
  return {
    server,
    token: access.token ?? (await beside(tokenFile))?.trim(),
    ca: access.ca ?? (await beside(caFile)),
    clientCertificate: access.clientCertificate ?? (await beside(clientCertificateFile)),
    clientKey: access.clientKey ?? (await beside(clientKeyFile)),
    serverName: access.tlsServerName,
    insecure: access.insecureSkipTlsVerify,
  };
}
