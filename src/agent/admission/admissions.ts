import type { Host } from '../../host/host.ts';
import type { ContainerPort } from '../../kube/types.ts';
import { annotations } from '../../runtime/labels.ts';
import type { ObservedPod } from '../../runtime/runtime.ts';
import type { DesiredPod } from '../desired.ts';
import { mayRun } from '../plan/instance.ts';
import { type HostPort, hostPorts, hostPortsOf } from './host-ports.ts';
import { type AdmittingNode, type Neighbour, planAdmission, type Refusal } from './plan-admission.ts';
import { noRequests, podRequests } from './pod-requests.ts';

/** A pod as the agent knows it: what is wanted under a key, and what is there. */
export type KnownPod = {
  readonly key: string;
  readonly desired: DesiredPod | undefined;
  readonly lastDesired: DesiredPod | undefined;
  readonly observed: readonly ObservedPod[];
};

type Options = {
  readonly host: Pick<Host, 'listeners'>;
  readonly node: AdmittingNode;
  /** All pods, wanted or there. */
  readonly pods: () => Iterable<KnownPod>;
  /** Whether the pod of this UID has come to its end. */
  readonly isOver: (uid: string) => boolean;
};

/**
 * Admits pods before their first sandbox is made: who is here already stays. A pod that was admitted holds its ports and
 * requests from then on, so that of two that come at the same time one is refused.
 */
export class Admissions {
  readonly #options: Options;
  /** Admitted and not yet seen in the runtime: UID by key. */
  readonly #admitted = new Map<string, string>();

  constructor(options: Options) {
    this.#options = options;
  }

  /** Why the pod may not be started now; undefined when it may, or when it is there. */
  async refusal(key: string, desired: DesiredPod, observed: readonly ObservedPod[]): Promise<Refusal | undefined> {
    if (isThere(desired, observed)) {
      this.#admitted.delete(key);
      return undefined;
    }
    const own = observed.flatMap(({ containers }) => containers).flatMap((container) => portsOf(container));
    const wanted = hostPortsOf(desired.pod).filter(({ port }) => own.every((held) => held.port !== port));
    const numbers = [...new Set(wanted.map(({ port }) => port))];
    const listeners = (await Promise.all(numbers.map((port) => this.#options.host.listeners(port)))).flat();
    const refusal = planAdmission({
      pod: desired.pod,
      node: this.#options.node,
      neighbours: this.#neighbours(key),
      listeners,
    });
    if (refusal === undefined) this.#admitted.set(key, desired.uid);
    else this.#admitted.delete(key);
    return refusal;
  }

  /** The pod is no longer wanted. */
  release(key: string): void {
    this.#admitted.delete(key);
  }

  #neighbours(key: string): readonly Neighbour[] {
    return [...this.#options.pods()].flatMap((known) => (known.key === key ? [] : this.#neighbour(known)));
  }

  #neighbour({ key, desired, lastDesired, observed }: KnownPod): Neighbour[] {
    const running = observed.flatMap(({ containers }) => containers).filter(mayRun);
    // A pod that has come to its end holds nothing.
    if (desired !== undefined && running.length === 0 && this.#options.isOver(desired.uid)) return [];
    if (desired !== undefined && (isThere(desired, observed) || this.#admitted.get(key) === desired.uid)) {
      return [{ key, ports: hostPortsOf(desired.pod), requests: podRequests(desired.pod), ending: false }];
    }
    if (running.length === 0) return [];
    const requests = lastDesired === undefined ? noRequests : podRequests(lastDesired.pod);
    return [
      { key, ports: running.flatMap((container) => portsOf(container)), requests, ending: desired === undefined },
    ];
  }
}

function isThere({ uid }: DesiredPod, observed: readonly ObservedPod[]): boolean {
  const own = observed.find(({ pod }) => pod.uid === uid);
  return own !== undefined && own.sandboxes.length + own.containers.length > 0;
}

/** What a container holds by its own account: the manifest may be gone. */
function portsOf({ annotations: own }: ObservedPod['containers'][number]): readonly HostPort[] {
  try {
    return hostPorts(JSON.parse(own[annotations.ports] ?? '[]') as readonly ContainerPort[]);
  } catch {
    return [];
  }
}
