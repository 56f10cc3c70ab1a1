import { componentState } from '../../health/component-state.ts';
import { readManifests } from '../../health/manifest-files.ts';
import { writeAndRead } from './api-check.ts';
import { adminOf, healthProblem } from './ask-health.ts';
import type { RolloutContext } from './context.ts';
import { instanceOf } from './instance.ts';
import type { Before } from './run.ts';
import { surelyStatus } from './swap.ts';

const askWithinMs = 3_000;

/** How the control plane is now, asked once: what a later failure can be blamed on, and what going back has to reach. */
export async function lookBefore(context: RolloutContext): Promise<Before> {
  // An agent that has died this moment says nothing of how the components are.
  const status = await surelyStatus(context);
  const manifests = await readManifests(context.host, context.paths);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(askWithinMs)]);
  const asked = { ...context, signal };
  const seen = await Promise.all(
    manifests.map(async (manifest) => {
      const instance = instanceOf(componentState(status, manifest.component));
      const problem = instance.ready ? await healthProblem(asked, manifest).catch(() => 'no answer in time') : 'down';
      return { manifest, instance, healthy: problem === undefined };
    }),
  );
  context.signal.throwIfAborted();
  const apiServer = seen.find(({ manifest, healthy }) => manifest.component === 'kube-apiserver' && healthy);
  const refused = apiServer && (await writeAndRead(await adminOf(context, apiServer.manifest, undefined)));
  return {
    instances: new Map(seen.map(({ manifest, instance }) => [manifest.component, instance])),
    healthy: new Set(seen.flatMap(({ manifest, healthy }) => (healthy ? [manifest.component] : []))),
    writes: refused?.refused !== true,
  };
}
