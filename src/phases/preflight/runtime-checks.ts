import { BootstrapError, messageOf } from '../../base/errors.ts';
import { imagesOf } from '../../config/images.ts';
import type { Check, CheckContext, Problem } from './check.ts';

/** Checks of the container runtime and of the images. */
export const runtimeChecks: readonly Check[] = [
  { name: 'CRI', run: runtimeAnswers },
  { name: 'ImagePull', run: imagesAreThere },
];

/** Nobody of ours will run the manifests: a stock kubelet may, with a runtime of its own. */
function runsNothing({ config }: CheckContext): boolean {
  return config.init.skipPhases.includes('start-agent');
}

async function runtimeAnswers(context: CheckContext): Promise<readonly Problem[]> {
  if (runsNothing(context)) return [];
  try {
    const runtime = await context.runtime();
    await runtime.version();
    const remarks = (await runtime.remarks?.()) ?? [];
    return remarks.map(({ check, ...problem }) => ({ ...problem, name: check }));
  } catch (thrown) {
    const hint = thrown instanceof BootstrapError ? thrown.hint : undefined;
    return [{ message: messageOf(thrown), hint: hint ?? 'choose another with --runtime docker|cri|process' }];
  }
}

/** Only the images of this plane's own static pods: those of addons come from wherever their pods run. */
async function imagesAreThere(context: CheckContext): Promise<readonly Problem[]> {
  if (runsNothing(context)) return [];
  const images = imagesOf(context.config);
  const policy = context.config.init.nodeRegistration.imagePullPolicy;
  const wanted = [
    images.etcd,
    images.kubeApiserver,
    images.kubeControllerManager,
    images.kubeScheduler,
    ...((await hasSandboxes(context)) ? [images.pause] : []),
  ].filter((reference) => reference !== undefined);
  if ((await runtimeAnswers(context)).some(({ severity = 'error' }) => severity === 'error')) return [];
  const pull = policy !== 'Never';
  const tries = await Promise.allSettled(wanted.map((reference) => context.obtainImage(reference, pull)));
  const messages = tries.flatMap((tried) => (tried.status === 'rejected' ? [messageOf(tried.reason)] : []));
  const hint = 'make the registry reachable, or load archives of them: bootstrap images import FILE';
  return messages.map((message, index) => ({ message, ...(index === messages.length - 1 ? { hint } : {}) }));
}

/** The process runtime needs no program that only waits. */
async function hasSandboxes(context: CheckContext): Promise<boolean> {
  try {
    return (await context.runtimeType()).type !== 'process';
  } catch {
    // The check CRI says why.
    return false;
  }
}
