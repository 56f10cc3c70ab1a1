import type { Finding } from '../base/diagnostics.ts';
import type { KubeconfigPlan } from '../kubeconfig/plan.ts';
import { etcdStartCertificates } from '../pki/certificates.ts';
import type { KeySource } from '../pki/keys.ts';
import type { CertificatePlan } from '../pki/plan.ts';
import { applyCerts, keySourceFor, planCerts } from './certs.ts';
import { applyConfs, planConfs } from './kubeconfig.ts';
import type { PhaseContext } from './phase.ts';

export type PkiPlan = {
  readonly certificates: CertificatePlan;
  readonly kubeconfigs: KubeconfigPlan | undefined;
  readonly findings: readonly Finding[];
};

/** Certificates and kubeconfigs together: everything wrong with either is found at once. Changes nothing. */
export async function planPki(context: Pick<PhaseContext, 'host' | 'config' | 'paths' | 'clock'>): Promise<PkiPlan> {
  const certificates = await planCerts(context);
  const authority = certificates.authorities.get('ca');
  const kubeconfigs = authority && (await planConfs(context, { authority, authorityPlanned: true }));
  return { certificates, kubeconfigs, findings: [...certificates.findings, ...(kubeconfigs?.findings ?? [])] };
}

/**
 * `etcdStart`: what etcd needs to start is on the disk. `certificates`: all certificates are. `done`: everything is; it
 * never settles before work has ended.
 */
export type PkiRun = {
  readonly etcdStart: Promise<void>;
  readonly certificates: Promise<void>;
  readonly done: Promise<void>;
};

/** Begins to make the keys that the plan needs, in memory: nothing is touched until `startPki` takes them. */
export function keysAhead(context: Pick<PhaseContext, 'host' | 'config'>, plan: PkiPlan): KeySource {
  const source = keySourceFor(context);
  const items = [...plan.certificates.items, ...(plan.kubeconfigs?.items ?? [])];
  const ahead = items.filter(({ action }) => action === 'create').map(() => source.next());
  // Whoever takes it sees why it failed.
  for (const key of ahead) key.catch(() => {});
  return { next: () => ahead.shift() ?? source.next() };
}

/** Starts making all that the plan says (which must hold no errors), etcd's files first, kubeconfigs beside certificates. */
export function startPki(
  context: PhaseContext,
  plan: PkiPlan,
  options: { readonly kubeconfigContext?: PhaseContext; readonly keys?: KeySource } = {},
): PkiRun {
  const { kubeconfigContext = context, keys = keySourceFor(context) } = options;
  const all = plan.certificates.items.map(({ name }) => name);
  const etcd = gate(all.filter((name) => etcdStartCertificates.includes(name)));
  const ca = gate(all.filter((name) => name === 'ca'));
  const certificates = applyCerts(context, plan.certificates, {
    keys,
    onDone: ({ name }) => {
      etcd.passed(name);
      ca.passed(name);
    },
  });
  certificates.catch((thrown: unknown) => {
    etcd.failed(thrown);
    ca.failed(thrown);
  });
  const kubeconfigs = plan.kubeconfigs && applyConfs(kubeconfigContext, plan.kubeconfigs, { keys, caReady: ca.open });
  return { etcdStart: etcd.open, certificates, done: settleBoth(certificates, kubeconfigs) };
}

async function settleBoth(...work: readonly (Promise<void> | undefined)[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

// Opens when each of the names has passed.
function gate(names: readonly string[]) {
  const left = new Set(names);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Whoever does not wait for it must not see an unhandled rejection: `done` carries the same error.
  promise.catch(() => {});
  if (left.size === 0) resolve();
  return {
    open: promise,
    failed: reject,
    passed: (name: string) => {
      left.delete(name);
      if (left.size === 0) resolve();
    },
  };
}
