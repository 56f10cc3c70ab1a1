import { InterruptedError, OperationError, TimeoutError } from '../../base/errors.ts';
import { applyObjects, untilAnswered } from '../../cluster/apply-objects.ts';
import { type ObjectPlan, planObjects } from '../../cluster/plan-objects.ts';
import { objectTitle } from '../../cluster/wanted-object.ts';
import type { RolloutContext } from '../apply/context.ts';
import type { StepTimer } from '../apply/events.ts';
import { phasesLeft } from './plan-object-changes.ts';

type BringContext = Pick<RolloutContext, 'objects' | 'kube' | 'paths' | 'clock' | 'signal' | 'config' | 'report'>;

/**
 * The last step of a change: makes the objects in the cluster what the configuration says, and gives the names of those
 * that it wrote. The control plane is what it shall be already, so that nothing is undone when this fails: throws
 * TimeoutError when the API server did not answer within `rollout.healthTimeout`, OperationError when it refused.
 */
export async function bringObjects(context: BringContext, timer: StepTimer): Promise<readonly string[]> {
  if (context.objects === undefined) return [];
  try {
    return await timer.step({ step: 'objects', detail: 'in the cluster' }, () => bring(context));
  } catch (thrown) {
    throw unfinished(context, thrown);
  }
}

async function bring({
  objects,
  kube,
  paths,
  clock,
  signal,
  config,
  report,
}: BringContext): Promise<readonly string[]> {
  const { wanted = [], switchedOn = [], plans: known } = objects ?? {};
  const client = await kube(paths.adminConf, { signal });
  const times = { clock, signal, timeoutMs: config.bootstrap.rollout.healthTimeoutMs };
  const ask = () => untilAnswered(() => planObjects(client, wanted), 'the API server to tell its objects', times);
  const plans = known ?? (await ask());
  const left = phasesLeft(plans, switchedOn);
  const due = plans.filter((plan) => plan.action !== 'keep' && !left.includes(plan.wanted.phase));
  const written: string[] = [];
  const onDone = (done: ObjectPlan) => {
    const item = objectTitle(done.wanted.object);
    report.item({ item, action: done.action, because: done.because });
    if (done.action !== 'keep') written.push(item);
  };
  await applyObjects(
    client,
    due.map((plan) => plan.wanted),
    { ...times, onDone },
  );
  return written;
}

function unfinished({ signal }: BringContext, thrown: unknown): Error {
  const state = 'the components are as configured, and healthy; the objects in the cluster are not all there yet';
  const next = 'the next bootstrap apply brings the rest along';
  if (signal.aborted) return new InterruptedError(`interrupted; ${state}; ${next}`);
  const failure = thrown instanceof TimeoutError ? TimeoutError : OperationError;
  return new failure(state, { cause: thrown, hint: `correct the cause; ${next}` });
}
