import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Finding } from '../base/diagnostics.ts';
import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/types.ts';
import { type CertificateSpec, certificateFile } from './certificates.ts';
import type { FoundFiles } from './store.ts';

/** One certificate with its key: kept as it is, or made (with `key`, when that is already there). */
export type PlannedCertificate = {
  readonly kind: 'certificate';
  readonly name: string;
  /** As shown: `apiserver.crt`, `etcd/server.crt`. */
  readonly file: string;
  readonly action: 'keep' | 'create';
  readonly because: string;
  readonly spec: CertificateSpec;
  readonly paths: { readonly crt: string; readonly key: string };
  readonly key: KeyObject | undefined;
  readonly certificate: X509Certificate | undefined;
};

/** The service account key pair; with `key` and action create, only the public key is missing. */
export type PlannedKeyPair = {
  readonly kind: 'key-pair';
  readonly name: string;
  readonly file: string;
  readonly action: 'keep' | 'create';
  readonly because: string;
  readonly paths: { readonly key: string; readonly pub: string };
  readonly key: KeyObject | undefined;
};

export type CertificateItem = PlannedCertificate | PlannedKeyPair;

export type CertificateFacts = {
  readonly config: Config;
  readonly paths: Paths;
  readonly files: FoundFiles;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Names of the items wanted; default all of the configuration. */
  readonly only?: readonly string[];
};

/** What a decider gives: the item, unless errors forbid it, and what it found. */
export type PlannedItem = { readonly item: CertificateItem | undefined; readonly findings: readonly Finding[] };

export function pairPaths(facts: Pick<CertificateFacts, 'paths'>, spec: CertificateSpec): PlannedCertificate['paths'] {
  const { certificatesDir } = facts.paths;
  return {
    crt: certificateFile(certificatesDir, spec.baseName, 'crt'),
    key: certificateFile(certificatesDir, spec.baseName, 'key'),
  };
}
