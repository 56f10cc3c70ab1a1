import type { KeyObject } from 'node:crypto';
import { dirname } from 'node:path';
import { messageOf, OperationError } from '../base/errors.ts';
import type { Config } from '../config/types.ts';
import type { HostFiles } from '../host/host.ts';
import { creationOrder } from './certificates.ts';
import { type KeySource, privateKeyPem, publicKeyPem } from './keys.ts';
import type { CertificatePlan } from './plan.ts';
import type { CertificateItem, PlannedCertificate, PlannedKeyPair } from './planned.ts';
import { type CertificateContent, issueCertificate, type Signer } from './x509.ts';

// kubeadm backdates by this, so that a machine whose clock is a little behind accepts the certificate.
const backdateMs = 300_000;

export type CertificateTools = {
  readonly host: Pick<HostFiles, 'makeDirectory' | 'writeFile'>;
  readonly config: Config;
  /** Milliseconds since the epoch; the start of the validity, but for the backdating. */
  readonly now: number;
  readonly keys: KeySource;
  readonly signal?: AbortSignal;
  /** Called for each item when its files are on the disk (at once for a kept one). */
  readonly onDone?: (item: CertificateItem) => void;
};

type Signers = Map<string, Promise<Signer>>;

/**
 * Makes what the plan says in `creationOrder`, in parallel as far as it goes. Every key is on the disk before its
 * certificate, so that a kill leaves at worst a key alone, which the next plan takes up. Ends only when nothing is left
 * running; then throws the first error.
 */
export async function applyCertificates(plan: CertificatePlan, tools: CertificateTools): Promise<void> {
  const signers: Signers = new Map();
  for (const { spec, key, certificates } of plan.authorities.values()) {
    const [certificate] = certificates;
    if (key !== undefined && certificate !== undefined) signers.set(spec.name, Promise.resolve({ key, certificate }));
  }
  const rank = ({ name }: CertificateItem) => creationOrder.indexOf(name);
  const work = [...plan.items]
    .sort((a, b) => rank(a) - rank(b))
    .map((item) => {
      const done = applyItem(item, signers, tools);
      return done.then(() => tools.onDone?.(item));
    });
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

// Runs up to its first await at once, so that keys are asked for, and CAs known as signers, in the order of the items.
function applyItem(item: CertificateItem, signers: Signers, tools: CertificateTools): Promise<void> {
  if (item.action === 'keep') return Promise.resolve();
  const key = item.key === undefined ? tools.keys.next() : Promise.resolve(item.key);
  if (item.kind === 'key-pair') return writeKeyPair(item, key, tools);
  if (item.spec.ca !== undefined) return writeCertificate(item, key, signers.get(item.spec.ca), tools).then(() => {});
  const made = writeCertificate(item, key, undefined, tools);
  signers.set(item.name, made);
  return made.then(() => {});
}

async function writeCertificate(
  item: PlannedCertificate,
  pendingKey: Promise<KeyObject>,
  pendingSigner: Promise<Signer> | undefined,
  tools: CertificateTools,
): Promise<Signer> {
  const [key, signer] = await Promise.all([pendingKey, pendingSigner]);
  if (item.key === undefined) await write(item.paths.key, privateKeyPem(key), { mode: 0o600, tools });
  const certificate = issueCertificate(contentOf(item, tools), key, signer);
  await write(item.paths.crt, certificate.toString(), { mode: 0o644, tools });
  return { certificate, key };
}

async function writeKeyPair(
  item: PlannedKeyPair,
  pendingKey: Promise<KeyObject>,
  tools: CertificateTools,
): Promise<void> {
  const key = await pendingKey;
  if (item.key === undefined) await write(item.paths.key, privateKeyPem(key), { mode: 0o600, tools });
  // kubeadm writes the public key as if it were a private one, 0600.
  await write(item.paths.pub, publicKeyPem(key), { mode: 0o600, tools });
}

function contentOf({ spec }: PlannedCertificate, { config, now }: CertificateTools): CertificateContent {
  const { certificateValidityPeriodMs, caCertificateValidityPeriodMs } = config.cluster;
  const isCa = spec.ca === undefined;
  const commonName = spec.commonName(config);
  return {
    commonName,
    organizations: [],
    isCa,
    usages: spec.usages,
    sans: isCa ? [commonName] : (spec.sans?.(config) ?? []),
    notBeforeMs: now - backdateMs,
    notAfterMs: now + (isCa ? caCertificateValidityPeriodMs : certificateValidityPeriodMs),
  };
}

async function write(
  path: string,
  pem: string,
  { mode, tools }: { readonly mode: number; readonly tools: CertificateTools },
): Promise<void> {
  tools.signal?.throwIfAborted();
  try {
    await tools.host.makeDirectory(dirname(path), { mode: 0o755 });
    await tools.host.writeFile(path, pem, { mode });
  } catch (thrown) {
    const hint = 'nothing that was there has been changed; free the way and run the same command again';
    throw new OperationError(`cannot write ${path}: ${messageOf(thrown)}`, { cause: thrown, hint });
  }
}
