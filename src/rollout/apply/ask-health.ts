import type { HealthContext } from '../../health/health-context.ts';
import { shortReason } from '../../health/health-polls.ts';
import { type ComponentManifest, healthEndpoint } from '../../health/manifest-files.ts';
import type { KubeClient } from '../../kube/client.ts';

const answerWithinMs = 5_000;

/** The API server as admin.conf reaches it, at the address of its manifest or at `server`. */
export function adminOf(
  context: HealthContext,
  manifest: ComponentManifest,
  server: string | undefined,
): Promise<KubeClient> {
  const origin = server ?? new URL(healthEndpoint(manifest).url).origin;
  const { signal, paths } = context;
  const anyName = server === undefined ? {} : { anyName: true };
  return context.kube(paths.adminConf, { server: origin, signal, timeoutMs: answerWithinMs, ...anyName });
}

/** Why a component is not healthy, asked once; undefined when it is. Throws only when interrupted. */
export async function healthProblem(
  context: HealthContext,
  manifest: ComponentManifest,
  server?: string,
): Promise<string | undefined> {
  const { host, signal } = context;
  const { url, asAdmin } = healthEndpoint(manifest);
  const path = asAdmin ? '/readyz' : new URL(url).pathname;
  return problemOf(context, path, async () => {
    if (asAdmin) return (await (await adminOf(context, manifest, server)).raw(path)).status;
    // Their certificates are self-made at each start: nothing to verify (kubeadm does the same).
    return (await host.request(url, { ca: false, timeoutMs: answerWithinMs, signal })).status;
  });
}

async function problemOf(
  { signal }: Pick<HealthContext, 'signal'>,
  path: string,
  ask: () => Promise<number>,
): Promise<string | undefined> {
  try {
    const status = await ask();
    return status === 200 ? undefined : `${path} ${status}`;
  } catch (thrown) {
    signal.throwIfAborted();
    return `${path}: ${shortReason(thrown)}`;
  }
}
