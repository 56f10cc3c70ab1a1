import { basename } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { PreflightError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { ProcessIdentity } from '../../host/host.ts';
import type { RestartAnswer } from '../../kube/agent-socket.ts';
import { podKey } from '../../kube/types.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import type { DesiredPod } from '../desired.ts';
import { newest } from '../plan/instance.ts';
import type { PodRecord } from '../pod-record.ts';
import type { PodSource } from '../source/pod-source.ts';
import { withContainer } from '../state/pod-state.ts';
import type { PodStates } from '../state/pod-states.ts';
import { containerId } from '../status/container-id.ts';
import type { Claim } from './claim.ts';
import type { Claims } from './claims.ts';

type Options = {
  readonly clock: Clock;
  readonly log: Log;
  readonly source: Pick<PodSource, 'look' | 'get' | 'keys'>;
  readonly claims: Claims;
  readonly states: PodStates;
  readonly runtime: Pick<ContainerRuntime, 'type'>;
  record(key: string): PodRecord | undefined;
  request(key: string): void;
};

export type OverlapRequest = { readonly file: string; readonly holder: ProcessIdentity; readonly forMs: number };
type StayRequest = OverlapRequest & { readonly place: string };

/** What a rollout may ask for the pod of one manifest file. Throws PreflightError for what cannot be. */
export class PodRequests {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /**
   * From now on the instance that is desired at this moment runs on, whatever the manifest will say, until `stopOld`. Asked
   * again by the same process it lasts longer; the instance stays the same one.
   */
  async overlap({ file, holder, forMs }: OverlapRequest): Promise<void> {
    const { clock, claims, source, log } = this.#options;
    await source.look();
    const desired = this.#desired(file);
    const own = await this.#ownClaim(desired, holder);
    const uid = own !== undefined && own.place === undefined ? own.uid : desired.uid;
    await claims.take({ file: desired.file, uid, holder, untilMs: clock.now() + forMs });
    log.info(`${file}: what runs (uid ${uid}) runs on beside what its manifest will say, for pid ${holder.pid}`);
  }

  /** What runs by this manifest stays in the runtime that it is in until `stopOld`, whatever the agent's runtime will be. */
  async stay({ file, holder, forMs, place }: StayRequest): Promise<void> {
    const { clock, claims, source } = this.#options;
    await source.look();
    const desired = this.#desired(file);
    await this.#ownClaim(desired, holder);
    await claims.take({ file: desired.file, uid: desired.uid, holder, untilMs: clock.now() + forMs, place });
  }

  /** What is not desired, or not where it is desired, is stopped with its grace from now on. */
  async stopOld(file: string): Promise<void> {
    await this.#options.source.look();
    await this.#options.claims.end(file, 'the old one is to go');
  }

  /**
   * Stops the pod's containers with their grace and starts them again at once, as often as they may have crashed; gives the
   * ids of those that are replaced. Holds over a restart of the agent, as every stop that was begun.
   */
  async restart(file: string): Promise<RestartAnswer> {
    const { source, states, clock, request, runtime } = this.#options;
    await source.look();
    const desired = this.#desired(file);
    const { containers, key } = this.#running(desired);
    const stop = {
      sinceMs: clock.now(),
      signalled: false,
      restart: 'at-once',
      why: 'a restart was asked for',
    } as const;
    for (const { id } of containers) states.update(desired.uid, (state) => withContainer(state, id, { stop }));
    await states.saved(desired.uid);
    request(key);
    return { replaced: containers.map((container) => containerId(container, runtime.type)) };
  }

  /** What this holder has claimed already. Throws while another one lives that has. */
  async #ownClaim({ file }: DesiredPod, holder: ProcessIdentity): Promise<Claim | undefined> {
    const { claims } = this.#options;
    const before = claims.get(file);
    if (before === undefined) return undefined;
    if (before.holder.pid === holder.pid && before.holder.startTicks === holder.startTicks) return before;
    if (!(await claims.isHeld(before))) return undefined;
    throw new PreflightError(`${basename(file)} is being changed over by pid ${before.holder.pid}`);
  }

  /** The newest of each main container and sidecar. */
  #running(desired: DesiredPod) {
    const key = podKey(desired.pod);
    const seen = this.#options.record(key)?.observed.find(({ pod }) => pod.uid === desired.uid)?.containers ?? [];
    const { initContainers = [], containers } = desired.pod.spec;
    const names = [...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always'), ...containers];
    return { key, containers: names.flatMap(({ name }) => newest(seen, name) ?? []) };
  }

  #desired(file: string): DesiredPod {
    const { source } = this.#options;
    const found = source
      .keys()
      .map((key) => source.get(key))
      .find((desired) => desired?.file === file);
    if (found === undefined) throw new PreflightError(`no pod runs by ${file}`);
    return found;
  }
}
