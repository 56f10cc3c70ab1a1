import { applyObjects } from '../cluster/apply-objects.ts';
import type { ObjectPlan } from '../cluster/plan-objects.ts';
import { limits, openCluster } from './cluster-client.ts';
import type { InitContext } from './context.ts';
import { clusterPhases, initPhases } from './init.ts';
import { gatherFor, recordHealthy } from './record-revision.ts';
import { firstFailure, runAlone, type WorkflowReport } from './run.ts';
import { standingOf } from './standing-phase.ts';
import { waitControlPlane } from './wait-control-plane.ts';

type Together = {
  readonly context: InitContext;
  /** The context for one phase, with the report of that phase. */
  readonly as: (name: string) => InitContext;
  readonly timed: (name: string, work: () => Promise<unknown>) => Promise<void>;
  readonly skipped: WorkflowReport['phaseEnded'];
};

/**
 * What comes after the start of the agent: waits until all is healthy, and fills the cluster meanwhile, as soon as the API
 * server lets admin.conf in. Then keeps the revision.
 */
export async function fillCluster({ context, as, timed, skipped }: Together): Promise<void> {
  const ended = new AbortController();
  const admin = Promise.withResolvers<boolean>();
  const waited = timed('wait-control-plane', () => waitControlPlane(as('wait-control-plane'), admin.resolve));
  // Without an API server of ours nobody is let in.
  waited.then(
    () => admin.resolve(false),
    (thrown) => {
      ended.abort();
      admin.reject(thrown);
    },
  );
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const applied = applyTogether({ ...as('upload-config'), signal }, admin.promise);
  const run = async (name: string) => {
    const phase = clusterPhases.find((candidate) => candidate.name === name);
    const reason = phase?.skip?.(context);
    if (reason !== undefined) return skipped(name, { durationMs: 0, skipped: reason });
    await admin.promise;
    await timed(name, () => runAlone(initPhases, { ...as(name), signal, applied }, [name]));
  };
  // The agent has its certificate in its place by the time that its Node is there.
  const marked = run('mark-control-plane');
  const finalized = marked.then(() => run('kubelet-finalize'));
  const others = clusterPhases.filter(({ name }) => name !== 'mark-control-plane' && name !== 'kubelet-finalize');
  const filled = others.map(({ name }) => run(name));
  const gathered = finalized.catch(() => {}).then(() => gatherFor(context));
  // Whoever waits for these sees why they failed; nobody may.
  for (const promise of [gathered, admin.promise, applied]) promise.catch(() => {});
  const recorded = waited.then(() => timed('record-revision', () => recordHealthy(as('record-revision'), gathered)));
  await firstFailure([waited, marked, finalized, ...filled, recorded]);
  await timed('show-join-command', () => runAlone(initPhases, as('show-join-command'), ['show-join-command']));
}

/** All objects at once; what they are is found out before anybody is let in. */
async function applyTogether(context: InitContext, admin: Promise<boolean>): Promise<readonly ObjectPlan[]> {
  const [wanted, fresh] = await Promise.all([standingOf(context), admin]);
  const client = await openCluster(context);
  return applyObjects(client, wanted, { ...limits(context), fresh });
}
