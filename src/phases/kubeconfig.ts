import { dirname, resolve } from 'node:path';
import { applyKubeconfigs } from '../kubeconfig/apply.ts';
import { parseKubeconfig } from '../kubeconfig/kubeconfig.ts';
import { kubeconfigs } from '../kubeconfig/kubeconfigs.ts';
import { type KubeconfigPlan, planKubeconfigs } from '../kubeconfig/plan.ts';
import type { CaState } from '../pki/certificate-authority.ts';
import type { KeySource } from '../pki/keys.ts';
import { readAuthority } from '../pki/read-authority.ts';
import { type FoundFile, readFiles } from '../pki/store.ts';
import { keySourceFor, planCerts } from './certs.ts';
import type { Phase, PhaseContext } from './phase.ts';
import { refuseErrors } from './refuse.ts';

/** Makes the kubeconfigs, or one of them by name; one that is there and trusts our CA is kept. */
export const kubeconfigPhase: Phase = {
  name: 'kubeconfig',
  summary: 'Generate all kubeconfig files necessary to establish the control plane and the admin kubeconfig file',
  run: (context) => run(context),
  phases: kubeconfigs.map((spec) => ({
    name: spec.name,
    summary: `Generate the ${spec.summary}`,
    run: (context: PhaseContext) => run(context, [spec.name]),
  })),
};

async function run(context: PhaseContext, only?: readonly string[]): Promise<void> {
  const authority = (await planCerts(context, [])).authorities.get('ca');
  if (authority === undefined) return;
  const plan = await planConfs(context, {
    authority,
    authorityPlanned: false,
    ...(only === undefined ? {} : { only }),
  });
  refuseErrors(plan.findings, context.report, 'the kubeconfigs');
  await applyConfs(context, plan, { keys: keySourceFor(context) });
}

/** Reads the kubeconfigs and decides; changes nothing. */
export async function planConfs(
  { host, config, paths, clock }: Pick<PhaseContext, 'host' | 'config' | 'paths' | 'clock'>,
  given: { readonly authority: CaState; readonly authorityPlanned: boolean; readonly only?: readonly string[] },
): Promise<KubeconfigPlan> {
  const files = await readFiles(
    host,
    kubeconfigs.map((spec) => spec.path(paths)),
  );
  const referred = await readFiles(host, [...files].flatMap(referredFiles));
  return planKubeconfigs({ config, paths, files: new Map([...referred, ...files]), now: clock.now(), ...given });
}

/** Does what the plan says and reports each item once it is on the disk. `caReady` is waited for before the CA is read. */
export function applyConfs(
  { host, config, clock, report, signal }: PhaseContext,
  plan: KubeconfigPlan,
  { keys, caReady }: { readonly keys: KeySource; readonly caReady?: Promise<void> },
): Promise<void> {
  return applyKubeconfigs(plan, {
    host,
    config,
    now: clock.now(),
    keys,
    signal,
    authority: async () => {
      await caReady;
      return readAuthority(host, plan.authority.paths);
    },
    onDone: (item) => report.item({ item: item.file, action: item.action, because: item.because }),
  });
}

function referredFiles([path, { text }]: [string, FoundFile]): readonly string[] {
  try {
    const { caFile } = parseKubeconfig(text, path);
    return caFile === undefined ? [] : [resolve(dirname(path), caFile)];
  } catch {
    // The plan says what is wrong with it.
    return [];
  }
}
