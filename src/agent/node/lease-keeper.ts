import { backOff } from '../../base/back-off.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { Waker } from '../../base/waker.ts';
import { ApiStatusError, type KubeClient } from '../../kube/client.ts';
import type { Lease, Node } from '../../kube/node-types.ts';
import type { ApiState } from '../api/agent-api.ts';
import { explainApiProblem } from '../api/explain-problem.ts';
import { leasePath, leasesPath, renewedLease } from './lease.ts';

const renewEveryMs = 10_000;
/** By chance up to this part later, so that the nodes of a cluster drift apart. */
const jitterPart = 0.04;
const longestWaitMs = 7_000;

type LeaseDoors = {
  readonly api: ApiState;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
};

/** Renews the Lease of the Node until the signal; without it the node would count as lost after 50 s. */
export async function keepLease({ api, clock, log, random }: LeaseDoors, signal: AbortSignal): Promise<void> {
  const waker = new Waker();
  const wait = backOff({ firstMs: 200, maxMs: longestWaitMs, random });
  let stored: Lease | undefined;
  let known: string | undefined;
  let failing = false;
  const forget = api.onChange(() => {
    if (failing || api.node()?.metadata.uid !== known) waker.wake();
  });
  while (!signal.aborted) {
    const [client, node] = [api.client(), api.node()];
    known = node?.metadata.uid;
    let waitMs: number | undefined;
    if (client !== undefined && node !== undefined) {
      try {
        stored = await renew(client, node, { stored, nowMs: clock.now() });
        api.setProblem('lease', undefined);
        wait.reset();
        failing = false;
        waitMs = renewEveryMs * (1 + jitterPart * random());
      } catch (thrown) {
        // Another writer, or it is gone: read it again.
        stored = undefined;
        failing = true;
        const problem = `its Lease cannot be renewed: ${explainApiProblem(thrown, client.server)}`;
        if (!isConflict(thrown) && api.setProblem('lease', problem)) log.verbose(1, problem);
        waitMs = wait.next();
      }
    } else stored = undefined;
    if (!signal.aborted) await waker.sleep(clock, waitMs, signal);
  }
  forget();
}

async function renew(
  client: KubeClient,
  node: Node,
  { stored, nowMs }: { readonly stored: Lease | undefined; readonly nowMs: number },
): Promise<Lease> {
  const path = leasePath(node.metadata.name);
  const before = stored ?? (await client.get<Lease>(path));
  const wanted = renewedLease(before, node, nowMs);
  return before === undefined ? client.createObject(leasesPath, wanted) : client.update(path, wanted);
}

const isConflict = (thrown: unknown) => thrown instanceof ApiStatusError && thrown.status === 409;
