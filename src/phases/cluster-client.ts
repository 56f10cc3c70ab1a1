import { untilAnswered } from '../cluster/apply-objects.ts';
import { localEndpoint } from '../config/endpoints.ts';
import { ApiStatusError, type KubeClient } from '../kube/client.ts';
import { bindClusterAdmins } from './cluster-admins.ts';
import type { InitContext } from './context.ts';

/** The last of the namespaces that the API server makes for itself and that `init` writes into. */
const lastNamespace = '/api/v1/namespaces/kube-public';

/** A client with the rights of admin.conf, which are given to it first when they are missing, once there is something to write into. */
export async function openCluster(context: InitContext): Promise<KubeClient> {
  const { paths, signal } = context;
  const client = await context.kube(paths.adminConf, { signal });
  let bound = false;
  await untilAnswered(
    async () => {
      try {
        if ((await client.get(lastNamespace)) !== undefined) return;
        throw new Error('the namespace kube-public is not there yet');
      } catch (thrown) {
        if (!(thrown instanceof ApiStatusError) || thrown.status !== 403 || bound) throw thrown;
        await bindClusterAdmins(context, { url: localEndpoint(context.config) });
        bound = true;
        throw thrown;
      }
    },
    `the API server at ${client.server}`,
    limits(context),
  );
  return client;
}

/** How long calls to the API server are tried: `timeouts.kubernetesAPICall`. */
export function limits({ clock, signal, config }: InitContext): {
  readonly clock: InitContext['clock'];
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
} {
  return { clock, signal, timeoutMs: config.init.timeouts.kubernetesAPICallMs };
}
