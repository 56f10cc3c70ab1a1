import { createKubeClient } from '../../kube/client.ts';
import { readClusterAccess } from '../../kubeconfig/read-access.ts';
import type { NodeSessionDoors } from './node-session.ts';

/** Nobody waits long for an agent that ends. */
const answerMs = 1500;

/**
 * The last word of an agent that ends: its Node has room for just the static pods it has. For the scheduler that is none,
 * since their mirror pods take it; but a kubelet that comes next admits its static pods by what the Node says, and
 * rejects them for good where there is room for none (kubernetes pkg/kubelet/lifecycle/predicate.go). Never throws.
 */
export async function leaveNode(
  { host, log, settings }: Pick<NodeSessionDoors, 'host' | 'log' | 'settings'>,
  kubeconfig: string,
  staticPods: number,
): Promise<void> {
  const room = { pods: String(staticPods) };
  try {
    const client = createKubeClient(host, await readClusterAccess(host, kubeconfig));
    const patch = { status: { capacity: room, allocatable: room } };
    const options = { type: 'strategic', timeoutMs: answerMs } as const;
    await client.patch(`/api/v1/nodes/${settings.nodeName}/status`, patch, options);
  } catch (thrown) {
    log.verbose(1, `the Node is left as it is: ${String(thrown)}`);
  }
}
