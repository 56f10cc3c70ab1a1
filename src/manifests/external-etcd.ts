import { dirname, join } from 'node:path';
import type { Paths } from '../config/paths.ts';
import type { Config, ExternalEtcd } from '../config/types.ts';
import { optionalTrustStores } from './host-facts.ts';

export type EtcdFiles = { readonly caFile: string; readonly certFile: string; readonly keyFile: string };

/**
 * Where the files of an external etcd are: as configured, but those inside the configured certificatesDir are below the
 * root directory as that is. A file that is not given is ''.
 */
export function externalEtcdFiles(external: ExternalEtcd, config: Config, paths: Paths): EtcdFiles {
  const inside = `${config.cluster.certificatesDir}/`;
  const placed = (file: string) =>
    file.startsWith(inside) ? join(paths.certificatesDir, file.slice(inside.length)) : file;
  return { caFile: placed(external.caFile), certFile: placed(external.certFile), keyFile: placed(external.keyFile) };
}

/**
 * The directories of those files that must be mounted by themselves: neither in a trust store nor in certificatesDir nor
 * in each other (kubeadm controlplane/volumes.go getEtcdCertVolumes, with its plain prefix comparison).
 */
export function externalEtcdDirectories(
  files: EtcdFiles,
  paths: Paths,
): readonly { readonly name: string; readonly path: string }[] {
  const mounted = ['/etc/ssl/certs', paths.certificatesDir, ...optionalTrustStores];
  const directories = [files.caFile, files.certFile, files.keyFile]
    .filter((file) => file !== '')
    .map((file) => dirname(file))
    .filter((directory) => !mounted.some((other) => directory.startsWith(other)));
  const outermost = [...new Set(directories)].filter(
    (directory, _, all) => !all.some((other) => other !== directory && directory.startsWith(other)),
  );
  return outermost.sort().map((path, index) => ({ name: `etcd-certs-${index}`, path }));
}
