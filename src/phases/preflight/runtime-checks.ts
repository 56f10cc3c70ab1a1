import { messageOf } from '../../base/errors.ts';
import { imagesOf } from '../../config/images.ts';
import type { Check, CheckContext, Problem } from './check.ts';

/** Checks of the container runtime and of the images. */
export const runtimeChecks: readonly Check[] = [
  { name: 'CRI', run: runtimeAnswers },
  { name: 'ImagePull', run: imagesAreThere },
];

async function runtimeAnswers(context: CheckContext): Promise<readonly Problem[]> {
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
  const images = imagesOf(context.config);
  const policy = context.config.init.nodeRegistration.imagePullPolicy;
  const wanted = [
    images.etcd,
    images.kubeApiserver,
    images.kubeControllerManager,
    images.kubeScheduler,
    ...((await isDocker(context)) ? [images.pause] : []),
  ].filter((reference) => reference !== undefined);
  const problems = await Promise.all(
    wanted.map(async (reference): Promise<readonly Problem[]> => {
      const reason = await context.obtainImage(reference, policy !== 'Never').catch(messageOf);
      return reason === undefined ? [] : [{ message: `${reference}: ${reason}` }];
    }),
  );
  const found = problems.flat();
  const [last] = found.slice(-1);
  if (last === undefined) return [];
  const hint =
    'put an archive of it (docker save, OCI) into a directory of images.archives, or: bootstrap images import FILE';
  return [...found.slice(0, -1), { ...last, hint }];
}

async function isDocker(context: CheckContext): Promise<boolean> {
  try {
    return (await context.runtimeType()).type === 'docker';
  } catch {
    // The check CRI says why.
    return false;
  }
}
