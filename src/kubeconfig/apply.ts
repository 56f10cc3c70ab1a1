import { dirname } from 'node:path';
import { messageOf, OperationError } from '../base/errors.ts';
import type { Config } from '../config/types.ts';
import type { HostFiles } from '../host/host.ts';
import { type KeySource, privateKeyPem } from '../pki/keys.ts';
import type { FoundAuthority } from '../pki/read-authority.ts';
import { issueCertificate, type KeyObject } from '../pki/x509.ts';
import { buildKubeconfig } from './kubeconfig.ts';
import type { KubeconfigSpec } from './kubeconfigs.ts';
import type { KubeconfigItem, KubeconfigPlan } from './plan.ts';

export type KubeconfigTools = {
  readonly host: Pick<HostFiles, 'makeDirectory' | 'writeFile'>;
  readonly config: Config;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly keys: KeySource;
  /** The CA as it is on the disk by then; asked for only when there is something to sign. */
  readonly authority: () => Promise<FoundAuthority>;
  readonly signal?: AbortSignal;
  /** Called for each item when its file is on the disk (at once for a kept one). */
  readonly onDone?: (item: KubeconfigItem) => void;
};

/** Makes what the plan says, in parallel as far as it goes. Ends only when nothing is left running; then throws the first error. */
export async function applyKubeconfigs(plan: Pick<KubeconfigPlan, 'items'>, tools: KubeconfigTools): Promise<void> {
  const create = plan.items.filter(({ action }) => action === 'create');
  const keys = new Map(create.map((item) => [item.name, tools.keys.next()]));
  const authority = create.length === 0 ? undefined : tools.authority();
  const work = plan.items.map(async (item) => {
    const [key, signer] = await Promise.all([keys.get(item.name), authority]);
    if (key !== undefined && signer !== undefined)
      await write(item, clientKubeconfig(item.spec, { key, signer, tools }), tools);
    tools.onDone?.(item);
  });
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/**
 * A kubeconfig with a new client certificate. Unlike the certificates in files, these begin when their CA does (kubeadm
 * newClientCertConfigFromKubeConfigSpec).
 */
export function clientKubeconfig(
  spec: Pick<KubeconfigSpec, 'user' | 'organizations' | 'server'>,
  given: {
    readonly key: KeyObject;
    readonly signer: FoundAuthority;
    readonly tools: Pick<KubeconfigTools, 'config' | 'now'>;
  },
): string {
  const { key, signer, tools } = given;
  const { config, now } = tools;
  const user = spec.user(config);
  const certificate = issueCertificate(
    {
      commonName: user,
      organizations: spec.organizations,
      isCa: false,
      usages: ['clientAuth'],
      sans: [],
      notBeforeMs: signer.certificate.validFromDate.getTime(),
      notAfterMs: now + config.cluster.certificateValidityPeriodMs,
    },
    key,
    signer,
  );
  return buildKubeconfig({
    clusterName: config.cluster.clusterName,
    user,
    server: spec.server(config),
    ca: signer.bundle,
    credentials: { clientCertificate: certificate.toString(), clientKey: privateKeyPem(key) },
  });
}

async function write(item: KubeconfigItem, text: string, { host, signal }: KubeconfigTools): Promise<void> {
  signal?.throwIfAborted();
  try {
    await host.makeDirectory(dirname(item.path), { mode: 0o755 });
    await host.writeFile(item.path, text, { mode: 0o600 });
  } catch (thrown) {
    const hint = 'nothing that was there has been changed; free the way and run the same command again';
    throw new OperationError(`cannot write ${item.path}: ${messageOf(thrown)}`, { cause: thrown, hint });
  }
}
