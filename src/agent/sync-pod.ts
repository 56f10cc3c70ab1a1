import { messageOf } from '../base/errors.ts';
import { podKey } from '../kube/types.ts';
import type { ObservedPod } from '../runtime/runtime.ts';
import { applyActions } from './apply.ts';
import type { PodContext } from './containers/pod-context.ts';
import type { DesiredPod } from './desired.ts';
import { gatherStartFacts, type StartFacts } from './gather-facts.ts';
import type { PodPlan } from './plan/actions.ts';
import type { PodFacts } from './plan/facts.ts';
import { planPod } from './plan/plan-pod.ts';
import type { PodRecord } from './pod-record.ts';
import type { Prober } from './probes/prober.ts';
import type { StartDoors } from './start-container.ts';
import type { StartGates } from './start-gates.ts';
import { readTerminationMessages } from './status/termination-messages.ts';

export type SyncDoors = StartDoors & {
  readonly prober: Prober;
  readonly gates: StartGates;
  readonly maxRestartPeriodMs: number;
  contextOf(desired: DesiredPod): PodContext;
};

/** When to look at the pod again: at once, after a time, or when something happens. */
export type NextLook = { readonly afterMs?: number };

const refusedAgainMs = 10_000;
const firstRetryMs = 500;
const longestRetryMs = 10_000;

/**
 * One look at one pod: compare what is desired with what is there, do what follows, remember how it went. Always the
 * whole circle from the beginning, whatever was the reason to look. Never throws.
 */
export async function syncPod(
  doors: SyncDoors,
  record: PodRecord,
  desired: DesiredPod | undefined,
  observe: () => Promise<readonly ObservedPod[]>,
): Promise<NextLook> {
  try {
    record.observed = await observe();
    if (desired !== undefined) record.lastDesired = desired;
    const context = desired && doors.contextOf(desired);
    const start = context && (await gatherStartFacts(doors, context, record.observed));
    track(doors, record, desired);
    await readTerminationMessages(doors, record, desired);
    const facts = factsOf(doors, record, { desired, start });
    record.images = start?.images ?? new Map();
    const plan = planPod(desired, record.observed, facts);
    return await carryOut(doors, record, { plan, context, refused: facts.refusals.length > 0 });
  } catch (thrown) {
    return failed(doors, record, messageOf(thrown));
  }
}

async function carryOut(
  doors: SyncDoors,
  record: PodRecord,
  what: { readonly plan: PodPlan; readonly context: PodContext | undefined; readonly refused: boolean },
): Promise<NextLook> {
  const { plan, context, refused } = what;
  if (plan.actions.length === 0) return settle(record, plan, refused);
  const actions = JSON.stringify(plan.actions);
  if (actions === record.lastActions && record.failedLooks === 0) {
    record.lastActions = '';
    return failed(doors, record, `${plan.actions.map((action) => action.do).join(', ')} had no effect`);
  }
  const onDoing = (doing: string) => {
    record.doing = doing;
  };
  const result = await applyActions(doors, { context, observed: record.observed, actions: plan.actions, onDoing });
  record.failures = result.failures;
  record.lastActions = actions;
  if (result.retry) return failed(doors, record, result.error ?? 'failed');
  record.failedLooks = 0;
  if (result.error === undefined) delete record.lastError;
  else record.lastError = result.error;
  return { afterMs: 0 };
}

function settle(record: PodRecord, plan: PodPlan, refused: boolean): NextLook {
  record.lastActions = '';
  record.failedLooks = 0;
  if (plan.waiting === undefined) {
    delete record.doing;
    delete record.lastError;
    record.failures = new Map();
  } else record.doing = plan.waiting;
  if (refused && plan.waiting !== undefined) {
    record.lastError = plan.waiting;
    return { afterMs: refusedAgainMs };
  }
  return plan.recheckAfterMs === undefined ? {} : { afterMs: plan.recheckAfterMs };
}

function failed({ log }: SyncDoors, record: PodRecord, message: string): NextLook {
  const afterMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(record.failedLooks, 10));
  record.failedLooks += 1;
  if (record.lastError !== message) log.error(`${record.key}: ${message}; tried again in ${afterMs / 1000} s`);
  record.lastError = message;
  record.doing = `tried again in ${afterMs / 1000} s: ${message}`;
  return { afterMs };
}

function factsOf(
  doors: SyncDoors,
  record: PodRecord,
  { desired, start }: { readonly desired: DesiredPod | undefined; readonly start: StartFacts | undefined },
): PodFacts {
  const heldBack = desired === undefined ? undefined : heldBackOf(doors, record, desired);
  return {
    nowMs: doors.clock.now(),
    probes: (id) => doors.prober.results(record.key, id),
    image: ({ name }) => start?.images.get(name) ?? { state: 'present' },
    loggedAttempt: (name) => start?.loggedAttempts.get(name),
    ...(heldBack === undefined ? {} : { heldBack }),
    refusals: start?.refusals ?? [],
    maxRestartPeriodMs: doors.maxRestartPeriodMs,
  };
}

/** Only asked when a container is to be started: a gate begins to poll by being asked. */
function heldBackOf({ gates }: SyncDoors, record: PodRecord, { pod, uid }: DesiredPod): string | undefined {
  const seen = record.observed.find((observed) => observed.pod.uid === uid)?.containers ?? [];
  const running = pod.spec.containers.every(({ name }) =>
    seen.some((container) => container.name === name && container.state === 'running'),
  );
  if (running) return undefined;
  const suffix = `-${pod.spec.nodeName?.toLowerCase() ?? ''}`;
  const { name, namespace } = pod.metadata;
  const bare = name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
  return gates.heldBack({ key: record.key, namespace, name: bare });
}

/** Probes what runs of the desired pod; what is going to be stopped keeps the probes it has until it is gone. */
function track({ prober, contextOf }: SyncDoors, record: PodRecord, desired: DesiredPod | undefined): void {
  const spec = desired ?? record.lastDesired;
  if (spec === undefined) {
    prober.track(record.key, []);
    return;
  }
  const { ips } = contextOf(spec).node;
  const own = record.observed.find(({ pod }) => pod.uid === spec.uid);
  const running = (own?.containers ?? []).filter(({ state }) => state === 'running');
  prober.track(
    podKey(spec.pod),
    running.flatMap((seen) => {
      const all = [...(spec.pod.spec.initContainers ?? []), ...spec.pod.spec.containers];
      const container = all.find(({ name }) => name === seen.name);
      if (container === undefined) return [];
      const sandbox = own?.sandboxes.find(({ id }) => id === seen.sandboxId);
      const address = (spec.pod.spec.hostNetwork ? ips[0] : sandbox?.ips[0]) ?? '127.0.0.1';
      return [{ containerId: seen.id, container, address, startedAtMs: seen.startedAtMs ?? seen.createdAtMs }];
    }),
  );
}
