import { messageOf } from '../../base/errors.ts';
import type { ObservedPod } from '../../runtime/runtime.ts';
import type { Admissions } from '../admission/admissions.ts';
import type { Claims } from '../claims/claims.ts';
import type { PodContext } from '../containers/pod-context.ts';
import type { DesiredPod } from '../desired.ts';
import type { NetworkCheck } from '../observe/network-check.ts';
import type { PodAction, PodPlan } from '../plan/actions.ts';
import { noteEnds } from '../plan/end-notes.ts';
import { planPod } from '../plan/plan-pod.ts';
import { type PodRecord, recordFor } from '../pod-record.ts';
import type { Prober } from '../probes/prober.ts';
import type { StartGates } from '../start-gates.ts';
import { readTerminationMessages } from '../status/termination-messages.ts';
import { applyActions } from './apply.ts';
import { gatherStartFacts } from './gather-facts.ts';
import type { StartDoors } from './start-container.ts';
import type { StopsUnderWay } from './stops-under-way.ts';
import { podFacts } from './sync-facts.ts';
import { rememberEnd, rememberProbes, trackProbes } from './track-probes.ts';

export type SyncDoors = StartDoors & {
  readonly prober: Prober;
  readonly gates: StartGates;
  readonly admissions: Admissions;
  readonly claims: Claims;
  readonly network: Pick<NetworkCheck, 'look' | 'problem'>;
  readonly stops: StopsUnderWay;
  readonly maxRestartPeriodMs: number;
  contextOf(desired: DesiredPod): PodContext;
  /** The former runtime that a pod stays in for now; undefined where it belongs in the agent's own. */
  stays(desired: DesiredPod): string | undefined;
  /** Asks for another look at a pod. */
  request(key: string): void;
};

/** When to look at the pod again: at once, after a time, or when something happens. */
export type NextLook = { readonly afterMs?: number; readonly error?: string };

const firstRefusedMs = 1000;
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
    const observed = await observe();
    // Before anybody sees that a container has ended: its last words are part of that.
    await readTerminationMessages(doors, record, desired, observed);
    record.observed = observed;
    const { clock } = doors;
    record.ends = noteEnds(record.ends, record.observed, { nowMs: clock.now(), ticks: clock.ticks() });
    if (desired !== undefined) turnTo(record, desired);
    trackProbes(doors, record, desired);
    rememberProbes(doors, record, desired);
    const context = desired && doors.contextOf(desired);
    const start = context && (await gatherStartFacts(doors, context, record.observed));
    const refusal = desired && (await doors.admissions.refusal(record.key, desired, record.observed));
    const facts = podFacts(doors, record, { desired, start, refusal });
    record.images = start?.images ?? new Map();
    record.loggedAttempts = start?.loggedAttempts ?? new Map();
    const plan = planPod(desired, record.observed, facts);
    record.networkProblem = facts.networkProblem;
    noteRefusal(record, facts.refusals, refusal);
    rememberEnd(doors, desired, plan);
    return await carryOut(doors, record, { plan, context, desired });
  } catch (thrown) {
    return failed(doors, record, messageOf(thrown));
  }
}

/** What was noted of another form of the pod says nothing of this one. */
function turnTo(record: PodRecord, desired: DesiredPod): void {
  if (recordFor(desired, record) !== record) {
    record.failures = new Map();
    record.images = new Map();
    delete record.loggedAttempts;
    delete record.refused;
    delete record.networkProblem;
    delete record.doing;
    delete record.lastError;
    record.failedLooks = 0;
  }
  record.lastDesired = desired;
}

type Planned = {
  readonly plan: PodPlan;
  readonly context: PodContext | undefined;
  readonly desired: DesiredPod | undefined;
};

async function carryOut(doors: SyncDoors, record: PodRecord, { plan, context, desired }: Planned): Promise<NextLook> {
  if (plan.actions.length === 0) return settle(record, plan);
  if (desired === undefined && plan.actions.every(clears) && doors.stops.holdsUp(record.key)) return {};
  const actions = JSON.stringify(plan.actions);
  if (actions === record.lastActions && record.failedLooks === 0) {
    record.lastActions = '';
    return failed(doors, record, `${plan.actions.map((action) => action.do).join(', ')} had no effect`);
  }
  const onDoing = (doing: string) => {
    record.doing = doing;
  };
  const onImage = () => doors.request(record.key);
  // From its stop on a container is probed for readiness alone.
  const onStopping = () => trackProbes(doors, record, desired);
  const { observed } = record;
  const told = { onDoing, onImage, onStopping };
  const apply = () => applyActions(doors, { context, observed, actions: plan.actions, ...told });
  const result = await (plan.actions.some(stops) ? doors.stops.during(apply) : apply());
  record.failures = result.failures;
  record.lastActions = actions;
  if (result.retry) return failed(doors, record, result.error ?? 'failed');
  record.failedLooks = 0;
  if (result.error === undefined) delete record.lastError;
  else record.lastError = result.error;
  return { afterMs: 0 };
}

function clears({ do: what }: PodAction): boolean {
  return what.startsWith('remove-');
}

function stops({ do: what }: PodAction): boolean {
  return what.startsWith('stop-');
}

function settle(record: PodRecord, plan: PodPlan): NextLook {
  record.lastActions = '';
  record.failedLooks = 0;
  // What keeps a container waiting from here on is its back-off, or its image's, which have reasons of their own.
  record.failures = new Map();
  if (plan.waiting === undefined) {
    delete record.doing;
    delete record.lastError;
  } else record.doing = plan.waiting;
  const refused = refusedFor(record, plan);
  const afterMs = Math.min(refused ?? Number.POSITIVE_INFINITY, plan.recheckAfterMs ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(afterMs) ? { afterMs } : {};
}

/** A refusal is never final: it is looked at again after 1, 2, 4, 8, 10 s, and when another pod has gone. */
function refusedFor(record: PodRecord, plan: PodPlan): number | undefined {
  if (record.refused === undefined) {
    record.refusedLooks = 0;
    return undefined;
  }
  if (plan.waiting !== undefined) record.lastError = plan.waiting;
  const looks = record.refusedLooks ?? 0;
  record.refusedLooks = looks + 1;
  return Math.min(longestRetryMs, firstRefusedMs * 2 ** Math.min(looks, 10));
}

/** What the runtime can never run is shown beside what the node does not admit now. */
function noteRefusal(record: PodRecord, [unfit]: readonly string[], refusal: PodRecord['refused'] | undefined): void {
  const refused = unfit === undefined ? refusal : { reason: 'UnexpectedAdmissionError', message: unfit };
  if (refused === undefined) delete record.refused;
  else record.refused = refused;
}

function failed({ log }: SyncDoors, record: PodRecord, message: string): NextLook {
  const afterMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(record.failedLooks, 10));
  record.failedLooks += 1;
  if (record.lastError !== message) log.error(`${record.key}: ${message}; tried again in ${afterMs / 1000} s`);
  record.lastError = message;
  record.doing = `tried again in ${afterMs / 1000} s: ${message}`;
  return { afterMs, error: message };
}
