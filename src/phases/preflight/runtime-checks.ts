import { messageOf } from '../../base/errors.ts';
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
    return [];
  } catch (thrown) {
    return [{ message: messageOf(thrown), hint: 'choose another with --runtime docker|process' }];
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
    ...((await isDocker(context)) ? [images.pause] : []),
  ].filter((reference) => reference !== undefined);
  if ((await runtimeAnswers(context)).length > 0) return [];
  const pull = policy !== 'Never';
  const tries = await Promise.allSettled(wanted.map((reference) => context.obtainImage(reference, pull)));
  const messages = tries.flatMap((tried) => (tried.status === 'rejected' ? [messageOf(tried.reason)] : []));
  const hint = 'make the registry reachable, or load archives of them: bootstrap images import FILE';
  return messages.map((message, index) => ({ message, ...(index === messages.length - 1 ? { hint } : {}) }));
}

async function isDocker(context: CheckContext): Promise<boolean> {
  try {
    return (await context.runtimeType()).type === 'docker';
  } catch {
    // The check CRI says why.
    return false;
  }
}
