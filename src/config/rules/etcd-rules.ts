import { flagArgumentsAreNamed, isAbsolutePath, isImageRepository, isImageTag } from './common-rules.ts';
import type { Rule } from './rule.ts';

const etcdIsLocalOrExternal: Rule = ({ cluster }, { ClusterConfiguration: tell }) => {
  const { local, external } = cluster.etcd;
  if (local !== undefined && external !== undefined)
    tell.error(['etcd', 'external'], 'cannot be given together with etcd.local');
};

const localEtcdIsWellFormed: Rule = ({ cluster }, { ClusterConfiguration: tell }) => {
  const { local } = cluster.etcd;
  if (local === undefined) return;
  const path = ['etcd', 'local'];
  if (!isAbsolutePath(local.dataDir)) tell.error([...path, 'dataDir'], `\`${local.dataDir}\` is no absolute path`);
  if (local.imageRepository !== undefined && !isImageRepository(local.imageRepository)) {
    tell.error([...path, 'imageRepository'], `\`${local.imageRepository}\` is no image repository`);
  }
  if (local.imageTag !== undefined && !isImageTag(local.imageTag)) {
    tell.error([...path, 'imageTag'], `\`${local.imageTag}\` is no image tag`);
  }
  flagArgumentsAreNamed(local.extraArgs, [...path, 'extraArgs'], tell.error);
};

const externalEtcdHasEndpoints: Rule = ({ cluster }, { ClusterConfiguration: tell }) => {
  const { external } = cluster.etcd;
  if (external === undefined) return;
  const path = ['etcd', 'external', 'endpoints'];
  const secured = [external.caFile, external.certFile, external.keyFile].some((file) => file !== '');
  if (external.endpoints.length === 0) tell.error(path, 'needs at least one URL', 'such as https://192.0.2.20:2379');
  for (const [index, url] of external.endpoints.entries()) {
    if (!isHttpUrl(url)) tell.error([...path, index], `\`${url}\` is no URL`, 'such as https://192.0.2.20:2379');
    else if (secured && !url.startsWith('https:'))
      tell.error([...path, index], `${url} must be https, since certificates are given`);
  }
};

const externalEtcdHttpEndpointsAreUrls: Rule = (_config, { ClusterConfiguration: tell }, documents) => {
  for (const [index, url] of (documents.ClusterConfiguration?.etcd?.external?.httpEndpoints ?? []).entries()) {
    if (!isHttpUrl(url)) tell.error(['etcd', 'external', 'httpEndpoints', index], `\`${url}\` is no URL`);
  }
};

const externalEtcdCertificatesComeTogether: Rule = ({ cluster }, { ClusterConfiguration: tell }) => {
  const { external } = cluster.etcd;
  if (external === undefined) return;
  const { caFile, certFile, keyFile } = external;
  const path = ['etcd', 'external'];
  if ((certFile === '') !== (keyFile === '')) {
    tell.error([...path, certFile === '' ? 'keyFile' : 'certFile'], 'certFile and keyFile come together or not at all');
  }
  if (certFile !== '' && keyFile !== '' && caFile === '')
    tell.error([...path, 'caFile'], 'missing: certFile and keyFile need it');
  for (const [name, file] of Object.entries({ caFile, certFile, keyFile })) {
    if (file !== '' && !isAbsolutePath(file)) tell.error([...path, name], `\`${file}\` is no absolute path`);
  }
};

function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^/]/.test(text) && URL.canParse(text);
}

/** What must hold of `etcd`. */
export const etcdRules: readonly Rule[] = [
  etcdIsLocalOrExternal,
  localEtcdIsWellFormed,
  externalEtcdHasEndpoints,
  externalEtcdHttpEndpointsAreUrls,
  externalEtcdCertificatesComeTogether,
];
