import { retryUntil } from '../base/retry.ts';
import type { HealthEndpoint } from '../health/manifest-files.ts';
import { ApiStatusError } from '../kube/client.ts';
import type { InitContext } from './context.ts';

const name = 'kubeadm:cluster-admins';
const collection = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
/** kubeadm constants.go KubernetesAPICallRetryInterval */
const retryEveryMs = 500;
/** The API server's authorizer learns of a new binding through its own watch, some milliseconds later. */
const accessEveryMs = 25;

const binding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name }],
};

/**
 * Makes the binding that gives admin.conf its power: tried as admin.conf, and when that is forbidden as super-admin.conf,
 * every 500 ms up to timeouts.kubernetesAPICall (kubeadm phases/kubeconfig EnsureAdminClusterRoleBinding). False when it
 * was there, so that somebody has been at work in this cluster before.
 */
export async function bindClusterAdmins(context: InitContext, endpoint: Pick<HealthEndpoint, 'url'>): Promise<boolean> {
  const { clock, signal, report, config } = context;
  const made = await retryUntil(() => tryToBind(context, new URL(endpoint.url).origin), {
    clock,
    signal,
    everyMs: retryEveryMs,
    timeoutMs: config.init.timeouts.kubernetesAPICallMs,
    what: `the ClusterRoleBinding ${name}`,
  });
  report.item({
    item: name,
    action: made ? 'bind' : 'keep',
    because: made ? 'admin.conf gets its rights by it' : 'is there',
  });
  return made;
}

async function tryToBind(context: InitContext, server: string): Promise<boolean> {
  const { paths, signal } = context;
  const admin = await context.kube(paths.adminConf, { server, signal });
  try {
    return await admin.create(collection, binding);
  } catch (thrown) {
    if (!(thrown instanceof ApiStatusError) || thrown.status !== 403) throw thrown;
  }
  if ((await context.host.stat(paths.superAdminConf)) === undefined) {
    throw new Error(`admin.conf may not make it, and ${paths.superAdminConf} is not there`);
  }
  const superAdmin = await context.kube(paths.superAdminConf, { server, signal });
  return superAdmin.create(collection, binding);
}

/** `init` ends only when a user with admin.conf, by the address in it, can list namespaces. */
export async function waitForAdminAccess(context: InitContext): Promise<void> {
  const { clock, signal, report, paths, config } = context;
  const admin = await context.kube(paths.adminConf, { signal });
  await retryUntil(async () => admin.get('/api/v1/namespaces?limit=1'), {
    clock,
    signal,
    everyMs: accessEveryMs,
    timeoutMs: config.init.timeouts.kubernetesAPICallMs,
    what: `admin.conf to list namespaces at ${admin.server}`,
  });
  report.item({ item: 'admin.conf', action: 'works', because: `lists namespaces at ${admin.server}` });
}
