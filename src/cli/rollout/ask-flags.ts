import { messageOf } from '../../base/errors.ts';
import { lineLog } from '../../base/log.ts';
import type { RolloutFacts } from '../../rollout/plan/plan.ts';
import { versionSteps } from '../../rollout/plan/plan-blocked.ts';
import type { FlagAnswers } from '../../rollout/plan/unknown-flags.ts';
import type { RolloutPlan } from '../../rollout/types.ts';
import type { chooseRuntime } from '../../runtime/open.ts';
import type { CliContext } from '../command.ts';

type PlaneRuntime = Parameters<typeof chooseRuntime>[0]['planeRuntime'];

/**
 * The plan, with what the programs of another version say of their flags. A plan that changes no version asks nothing;
 * nothing is left of the containers that were started for it.
 */
export async function withAskedFlags(
  { host, clock, signal }: Pick<CliContext, 'host' | 'clock' | 'signal'>,
  plan: RolloutPlan,
  { facts, planeRuntime }: { readonly facts: RolloutFacts; readonly planeRuntime: PlaneRuntime },
): Promise<RolloutPlan> {
  const questions = versionSteps(facts).flatMap((step) => {
    const pod = facts.rendered.get(step.component)?.pod;
    return pod === undefined ? [] : [{ ...step, pod }];
  });
  if (questions.length === 0 || plan.blocked.length > 0) return plan;
  const { config, paths } = facts.pki;
  // Only another version has use for what starts programs: the usual plan is quicker without loading it.
  const [{ canaryDoors }, { sweepCanaries }, { askFlags }] = await Promise.all([
    import('./canary-doors.ts'),
    import('../../rollout/canary/sweep.ts'),
    import('../../rollout/plan/unknown-flags.ts'),
  ]);
  const runtimeType = async () => {
    const open = await import('../../runtime/open.ts');
    const { criSocket } = config.init.nodeRegistration;
    return open.chooseRuntime({ host, runtime: config.bootstrap.runtime, criSocket, planeRuntime });
  };
  const log = lineLog(
    () => {},
    0,
    () => clock.now(),
  );
  const doors = canaryDoors({ host, clock, log, paths, runtimeType, name: 'flags' });
  const sweep = () => sweepCanaries({ canary: doors });
  const answers = await sweep()
    .then(() => askFlags({ doors, clock, signal }, questions))
    .catch((thrown: unknown) => unasked(thrown))
    .finally(() => sweep().catch(() => {}));
  return { ...plan, blocked: [...plan.blocked, ...answers.blocked], notes: [...plan.notes, ...answers.notes] };
}

function unasked(thrown: unknown): FlagAnswers {
  return { blocked: [], notes: [`whether the new programs know all their flags was not asked: ${messageOf(thrown)}`] };
}
