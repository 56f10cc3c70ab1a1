import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Host } from '../../host/host.ts';
import type { ContainerPort, LifecycleHandler } from '../../kube/types.ts';
import { annotations } from '../../runtime/labels.ts';
import type { ContainerRuntime, ObservedContainer } from '../../runtime/runtime.ts';
import { deeds, killing } from '../events/deeds.ts';
import { observedSubject } from '../events/subject.ts';
import { type Teller, tell } from '../events/tell.ts';
import type { RestartAfterStop } from '../plan/facts.ts';
import { type BegunStop, withContainer } from '../state/pod-state.ts';
import type { PodStates } from '../state/pod-states.ts';
import { runHook } from './lifecycle-hooks.ts';

/** The least that any stop signal is given (kuberuntime_container.go minimumGracePeriodInSeconds). */
const leastSeconds = 2;

export type StopDoors = Teller & {
  readonly host: Host;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Log;
  readonly states: PodStates;
};

/** `order`: lower ones have ended, or their grace period has, before a higher one gets its signal. */
export type Stop = {
  readonly container: ObservedContainer;
  readonly graceSeconds: number;
  readonly order: number;
  /** For hooks that name no host. */
  readonly address: string;
  readonly restart?: RestartAfterStop;
  readonly because?: string;
};

/**
 * Stops containers of a pod within one grace period: all preStop hooks at once, then the signals in order (kubelet
 * kuberuntime_container.go killContainer, kuberuntime_termination_order.go). All comes from the containers' annotations,
 * since the manifest may be gone. When it began is on the disk before, so that the next agent grants what is left only.
 */
export async function stopContainers(doors: StopDoors, stops: readonly Stop[]): Promise<void> {
  const ends = stops.map(() => Promise.withResolvers<void>());
  const turnOf = ({ order }: Stop) => ends.filter((_end, index) => (stops[index]?.order ?? 0) < order);
  const results = await Promise.allSettled(
    stops.map((stop, index) => {
      const before = turnOf(stop).map(({ promise }) => promise);
      return stopContainer(doors, stop, before).finally(ends[index]?.resolve);
    }),
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function stopContainer(doors: StopDoors, stop: Stop, before: readonly Promise<void>[]): Promise<void> {
  const { clock, runtime } = doors;
  const { container, graceSeconds } = stop;
  const begun = await begin(doors, stop);
  // From here on by a clock that nobody sets.
  const ticksBefore = clock.ticks() - Math.max(0, clock.now() - begun.sinceMs);
  const leftMs = () => Math.max(0, graceSeconds * 1000 - (clock.ticks() - ticksBefore));
  if (!begun.signalled) {
    await runPreStop(doors, stop, leftMs());
    if (before.length > 0) await within(clock, leftMs(), Promise.all(before));
    await note(doors, container, { ...begun, signalled: true });
  }
  await runtime.stopContainer(container.id, Math.max(leastSeconds, Math.ceil(leftMs() / 1000)));
}

/** What an agent before this one has begun goes on: its time counts, and a hook that ended is not run again. */
async function begin(doors: StopDoors, { container, restart, because = '' }: Stop): Promise<BegunStop> {
  const known = doors.states.get(container.pod.uid).containers[container.id]?.stop;
  if (known !== undefined) return known;
  tell(doors, observedSubject(container), [killing(container.name, because)]);
  const begun = { sinceMs: doors.clock.now(), signalled: false, ...(restart === undefined ? {} : { restart }) };
  await note(doors, container, begun);
  return begun;
}

async function note({ states }: StopDoors, { id, pod }: ObservedContainer, stop: BegunStop): Promise<void> {
  states.update(pod.uid, (state) => withContainer(state, id, { stop }));
  await states.saved(pod.uid);
}

/** A hook that fails is told and does not keep the container. */
async function runPreStop(doors: StopDoors, stop: Stop, timeoutMs: number): Promise<void> {
  const { container, graceSeconds, address } = stop;
  const handler = parse<LifecycleHandler>(container.annotations[annotations.preStopHandler]);
  if (handler === undefined || graceSeconds === 0 || timeoutMs === 0) return;
  const ports = parse<readonly ContainerPort[]>(container.annotations[annotations.ports]) ?? [];
  await runHook(doors, handler, { containerId: container.id, address, ports }, timeoutMs).catch((thrown: unknown) => {
    doors.log.warn(`preStop hook of ${container.pod.name}/${container.name} failed: ${messageOf(thrown)}`);
    tell(doors, observedSubject(container), [deeds.preStopFailed()]);
  });
}

async function within(clock: Clock, timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const done = new AbortController();
  await Promise.race([work, sleep(clock, timeoutMs, done.signal)]);
  done.abort();
}

function parse<T>(json: string | undefined): T | undefined {
  try {
    return json === undefined ? undefined : (JSON.parse(json) as T);
  } catch {
    return undefined;
  }
}
