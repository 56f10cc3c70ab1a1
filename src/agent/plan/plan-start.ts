import type { Container } from '../../kube/types.ts';
import type { ObservedContainer } from '../../runtime/runtime.ts';
import type { DesiredPod } from '../desired.ts';
import type { PodAction, PodPlan } from './actions.ts';
import { crashesBefore, restartBackOff } from './back-off.ts';
import type { PodFacts } from './facts.ts';
import { newest } from './instance.ts';

type StartInput = {
  readonly desired: DesiredPod;
  readonly container: Container;
  /** All containers of the pod, whatever their sandbox: attempts go on over sandboxes. */
  readonly known: readonly ObservedContainer[];
  readonly sandboxId: string | undefined;
  readonly facts: PodFacts;
  readonly because: string;
};

/** Starts a container that shall run and does not, unless the pod is held back or the container or its image backs off. */
export function planStart(input: StartInput): PodPlan {
  const { desired, container, known, facts } = input;
  if (facts.heldBack !== undefined) return { actions: [], waiting: facts.heldBack };
  const last = newest(known, container.name);
  const waiting = backOffOf(desired, last, facts);
  if (waiting !== undefined) return waiting;
  const image = planImage(container, facts);
  if (image.waiting !== undefined) return image;
  const start: PodAction = {
    do: 'start-container',
    container: container.name,
    ...attemptOf(input, last),
    ...(input.sandboxId === undefined ? {} : { sandboxId: input.sandboxId }),
    because: input.because,
  };
  return { actions: [...image.actions, start] };
}

/** Gets the images that the pod's containers still lack, or waits for the time of the next attempt. */
export function planImages(desired: DesiredPod, facts: PodFacts): PodPlan {
  const { initContainers = [], containers } = desired.pod.spec;
  return joinPlans([...initContainers, ...containers].map((container) => planImage(container, facts)));
}

/** One plan of several: all actions, the nearest time to look again, what is waited for first. */
export function joinPlans(plans: readonly PodPlan[]): PodPlan {
  const rechecks = plans.flatMap(({ recheckAfterMs }) => (recheckAfterMs === undefined ? [] : [recheckAfterMs]));
  const waiting = plans.find((plan) => plan.waiting !== undefined)?.waiting;
  return {
    actions: plans.flatMap(({ actions }) => actions),
    ...(rechecks.length === 0 ? {} : { recheckAfterMs: Math.min(...rechecks) }),
    ...(waiting === undefined ? {} : { waiting }),
  };
}

function planImage(container: Container, facts: PodFacts): PodPlan {
  const image = facts.image(container);
  if (image.state === 'back-off') {
    return { actions: [], recheckAfterMs: Math.max(0, image.retryAtMs - facts.nowMs), waiting: image.reason };
  }
  if (image.state === 'present') return { actions: [] };
  const because = `container ${container.name} needs ${container.image}`;
  return { actions: [{ do: 'pull-image', container: container.name, because }] };
}

function backOffOf(
  { pod, uid }: DesiredPod,
  last: ObservedContainer | undefined,
  facts: PodFacts,
): PodPlan | undefined {
  if (last?.state !== 'exited') return undefined;
  const { atMs, delayMs } = restartBackOff(last, facts.maxRestartPeriodMs);
  // A clock that was set back must not lengthen the wait.
  const leftMs = Math.min(atMs - facts.nowMs, delayMs);
  if (leftMs <= 0) return undefined;
  const { name, namespace } = pod.metadata;
  const waiting = `back-off ${delayMs / 1000}s restarting failed container=${last.name} pod=${name}_${namespace}(${uid})`;
  return { actions: [], recheckAfterMs: leftMs, waiting };
}

/** A container that was made here but not started is started under its own number; any other is followed by the next. */
function attemptOf(
  { container, facts, sandboxId }: StartInput,
  last: ObservedContainer | undefined,
): { attempt: number; crashes: number } {
  if (last?.state === 'created' && last.sandboxId === sandboxId) {
    return { attempt: last.attempt, crashes: crashesBefore(last) };
  }
  if (last?.state === 'created') return { attempt: last.attempt + 1, crashes: crashesBefore(last) };
  if (last !== undefined) {
    return { attempt: last.attempt + 1, crashes: restartBackOff(last, facts.maxRestartPeriodMs).crashes };
  }
  const logged = facts.loggedAttempt(container.name);
  return { attempt: logged === undefined ? 0 : logged + 1, crashes: 0 };
}
