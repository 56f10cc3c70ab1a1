import { formatDuration } from '../../base/duration.ts';
import type { Container } from '../../kube/types.ts';
import type { ObservedContainer } from '../../runtime/runtime.ts';
import type { PodPlan, StartContainer } from './actions.ts';
import { backOffLeftMs, crashesBefore, restartBackOff } from './back-off.ts';
import type { PodFacts } from './facts.ts';
import { newest } from './instance.ts';
import { joinPlans } from './join-plans.ts';
import type { PlanInput } from './plan-input.ts';
import { beganRound } from './rounds.ts';

/** Starts a container that shall run and does not, unless the pod is held back or the container or its image backs off. */
export function planStart(input: PlanInput, container: Container, because: string): PodPlan {
  const { facts, own, sandbox, rounds } = input;
  if (facts.refusals.length > 0) return { actions: [], waiting: `cannot run here: ${facts.refusals.join('; ')}` };
  // What is held back may have its image fetched meanwhile.
  if (facts.heldBack !== undefined) return { actions: planImage(container, facts).actions, waiting: facts.heldBack };
  const last = newest(own.containers, container.name);
  const waiting = planBackOff(input, last);
  if (waiting !== undefined) return waiting;
  const image = planImage(container, facts);
  if (image.actions.length > 0 || image.waiting !== undefined) return image;
  const start: StartContainer = {
    do: 'start-container',
    container: container.name,
    ...numbersOf(input, container, last),
    ...(rounds.round === 0 ? {} : { round: rounds.round }),
    ...(sandbox === undefined ? {} : { sandboxId: sandbox.id }),
    because,
  };
  return { actions: [start] };
}

/** Gets the images that these containers still lack; waits for those that are being fetched or back off. */
export function planImages(containers: readonly Container[], facts: PodFacts): PodPlan {
  return joinPlans(containers.map((container) => planImage(container, facts)));
}

/** Fetching only begins with `pull-image`; the container is started from a later look. */
function planImage(container: Container, facts: PodFacts): PodPlan {
  const image = facts.image(container);
  if (image.state === 'present') return { actions: [] };
  if (image.state === 'pulling') return { actions: [], waiting: image.message };
  if (image.state === 'back-off') {
    return { actions: [], recheckAfterMs: Math.max(0, image.retryAtMs - facts.nowMs), waiting: image.reason };
  }
  const because = `container ${container.name} needs ${container.image}`;
  return { actions: [{ do: 'pull-image', container: container.name, because }] };
}

function planBackOff(input: PlanInput, last: ObservedContainer | undefined): PodPlan | undefined {
  const { desired, facts } = input;
  if (last?.state !== 'exited' || isFaultless(input, last)) return undefined;
  const leftMs = backOffLeftMs(last, facts);
  if (leftMs <= 0) return undefined;
  const { delayMs } = restartBackOff(last, facts.maxRestartPeriodMs);
  const { name, namespace } = desired.pod.metadata;
  const waiting = `back-off ${formatDuration(delayMs)} restarting failed container=${last.name} pod=${name}_${namespace}(${desired.uid})`;
  return { actions: [], recheckAfterMs: leftMs, waiting };
}

/**
 * Whether the end says nothing against the container: we stopped it for a reason of ours, or it is an init container
 * that did its work in an earlier sandbox. It starts again at once, and its crashes are not counted up.
 */
function isFaultless({ desired, facts, sandbox, rounds }: PlanInput, dead: ObservedContainer): boolean {
  if (facts.restartAfterStop?.(dead.id) === 'at-once') return true;
  if (rounds.stale.includes(dead)) return !beganRound(desired.pod, dead, facts);
  const isInit = desired.pod.spec.initContainers?.some(({ name }) => name === dead.name) ?? false;
  return isInit && dead.sandboxId !== sandbox?.id && dead.exitCode === 0;
}

/** One that was made here but not started is started under its own number; any other is followed by the next. */
function numbersOf(
  input: PlanInput,
  container: Container,
  last: ObservedContainer | undefined,
): { readonly attempt: number; readonly crashes: number } {
  const { facts, sandbox, rounds } = input;
  const isOwn = last?.sandboxId === sandbox?.id && last !== undefined && !rounds.stale.includes(last);
  if (last?.state === 'created' && isOwn) return { attempt: last.attempt, crashes: crashesBefore(last) };
  const attempt = Math.max(last?.attempt ?? -1, facts.loggedAttempt(container.name) ?? -1) + 1;
  if (last === undefined) return { attempt, crashes: 0 };
  if (last.state !== 'exited' || isFaultless(input, last)) return { attempt, crashes: crashesBefore(last) };
  return { attempt, crashes: restartBackOff(last, facts.maxRestartPeriodMs).crashes };
}
