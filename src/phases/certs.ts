import { applyCertificates } from '../pki/apply.ts';
import { certificates, serviceAccountKeys } from '../pki/certificates.ts';
import { createKeySource, type KeySource } from '../pki/keys.ts';
import { type CertificatePlan, planCertificates } from '../pki/plan.ts';
import type { CertificateItem } from '../pki/planned.ts';
import { readCertificateFiles } from '../pki/store.ts';
import type { Phase, PhaseContext } from './phase.ts';
import { refuseErrors } from './refuse.ts';

/** Makes the certificate tree, or a part of it by name; what is there and right is kept. */
export const certsPhase: Phase = {
  name: 'certs',
  summary: 'Generate all certificates',
  run: (context) => run(context),
  phases: [...certificates, serviceAccountKeys].map((spec) => ({
    name: spec.name,
    summary: `Generate the ${spec.summary}`,
    skip: ({ config }: PhaseContext) =>
      'etcd' in spec && config.cluster.etcd.external !== undefined ? 'etcd is external' : undefined,
    run: (context: PhaseContext) => run(context, [spec.name]),
  })),
};

async function run(context: PhaseContext, only?: readonly string[]): Promise<void> {
  const plan = await planCerts(context, only);
  refuseErrors(plan.findings, context.report, 'the certificates');
  await applyCerts(context, plan, { keys: keySourceFor(context) });
}

/** Reads the certificate directory and decides; changes nothing. */
export async function planCerts(
  { host, config, paths, clock }: Pick<PhaseContext, 'host' | 'config' | 'paths' | 'clock'>,
  only?: readonly string[],
): Promise<CertificatePlan> {
  const files = await readCertificateFiles(host, paths.certificatesDir);
  return planCertificates({ config, paths, files, now: clock.now(), ...(only === undefined ? {} : { only }) });
}

/** Does what the plan says and reports each item once it is on the disk. */
export function applyCerts(
  { host, config, clock, report, signal }: PhaseContext,
  plan: CertificatePlan,
  { keys, onDone }: { readonly keys: KeySource; readonly onDone?: (item: CertificateItem) => void },
): Promise<void> {
  return applyCertificates(plan, {
    host,
    config,
    now: clock.now(),
    keys,
    signal,
    onDone: (item) => {
      report.item({ item: item.file, action: item.action, because: item.because });
      onDone?.(item);
    },
  });
}

/** Keys of the configured algorithm, as many at a time as there are cores. */
export function keySourceFor({ host, config }: Pick<PhaseContext, 'host' | 'config'>): KeySource {
  return createKeySource(config.cluster.encryptionAlgorithm, host.cpuCount());
}
