import { join } from 'node:path';
import type { Paths } from '../config/paths.ts';
import type { BootstrapToken, Config } from '../config/types.ts';
import { decrypt, encrypt } from '../pki/encrypt.ts';
import { bootstrappers, mayGet } from './access-rules.ts';
import type { ApiObject, WantedObject } from './wanted-object.ts';

const namespace = 'kube-system';
const name = 'kubeadm-certs';
/** kubeadm constants.go DefaultCertTokenDuration: with its token the Secret goes. */
export const certificatesLifeMs = 2 * 3_600_000;

/** Contents by the names they have in the Secret; undefined where the file is not there. */
export type SharedFiles = Readonly<Record<string, string | undefined>>;

/** Where each shared file is, by its name in the Secret: all that control plane members share (kubeadm phases/copycerts). */
export function sharedFilePaths(config: Config, paths: Paths): Readonly<Record<string, string>> {
  const local = ['ca.crt', 'ca.key', 'front-proxy-ca.crt', 'front-proxy-ca.key', 'sa.pub', 'sa.key'];
  const { external } = config.cluster.etcd;
  const etcd =
    external === undefined
      ? { 'etcd-ca.crt': inPki('etcd/ca.crt'), 'etcd-ca.key': inPki('etcd/ca.key') }
      : {
          'external-etcd-ca.crt': external.caFile,
          'external-etcd.crt': external.certFile,
          'external-etcd.key': external.keyFile,
        };
  return { ...Object.fromEntries(local.map((file) => [file, inPki(file)])), ...etcd };

  function inPki(file: string): string {
    return join(paths.certificatesDir, file);
  }
}

/** The token that nobody joins with: when it ends, the Secret that it owns ends too. */
export function lifeToken(token: string): BootstrapToken {
  const description = 'Proxy for managing TTL for the kubeadm-certs secret';
  return { token, description, ttlMs: certificatesLifeMs, expires: undefined, usages: [], groups: [] };
}

/** The Secret with each file encrypted, each with a nonce of its own; a file that is not there is an empty value. */
export function certificatesSecret(input: {
  readonly files: SharedFiles;
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly owner: { readonly name: string; readonly uid: string };
  readonly nonce: () => Uint8Array;
}): ApiObject {
  const { files, key, owner, nonce } = input;
  const data = Object.entries(files).map(([file, text]) => {
    const sealed = text === undefined ? '' : Buffer.from(encrypt(Buffer.from(text), key, nonce())).toString('base64');
    return [file, sealed];
  });
  const reference = { apiVersion: 'v1', kind: 'Secret', ...owner, controller: true, blockOwnerDeletion: true };
  const metadata = { name, namespace, ownerReferences: [reference] };
  return { apiVersion: 'v1', kind: 'Secret', metadata, data: Object.fromEntries(data) };
}

export const certificatesSecretPath = `/api/v1/namespaces/${namespace}/secrets/${name}`;

/** Whether the Secret, opened with this key, holds just these files. */
export function holds(secret: ApiObject, files: SharedFiles, key: Uint8Array): boolean {
  const data = (secret.data ?? {}) as Readonly<Record<string, string>>;
  const open = (sealed: string) => {
    const opened = decrypt(Buffer.from(sealed, 'base64'), key);
    return opened && Buffer.from(opened).toString();
  };
  const names = Object.keys(files);
  if (names.length !== Object.keys(data).length) return false;
  return names.every(
    (file) => data[file] !== undefined && (data[file] === '' ? undefined : open(data[file])) === files[file],
  );
}

/** Who may read the Secret. */
export function certificatesAccess(): readonly WantedObject[] {
  const subjects = [bootstrappers];
  const rules = {
    namespace,
    name: 'kubeadm:kubeadm-certs',
    resource: 'secrets',
    resourceName: name,
    subjects,
  } as const;
  return mayGet(rules).map((object) => ({ phase: 'upload-certs', object }));
}
