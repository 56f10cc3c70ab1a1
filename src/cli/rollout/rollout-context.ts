import { silentLog } from '../../base/log.ts';
import type { Host } from '../../host/host.ts';
import { recordingHost } from '../../host/recording-host.ts';
import { bringBack } from '../../rollout/apply/after-recovery.ts';
import type { RolloutContext } from '../../rollout/apply/context.ts';
import type { Recovery } from '../../rollout/journal/recovery.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import { agentDoor } from '../agent/agent-door.ts';
import { agentStarter } from '../agent/agent-starter.ts';
import type { CliContext, CommonOptions } from '../command.ts';
import { madeRecord } from '../init/made-record.ts';
import { type Options, workflowContext } from '../workflow-context.ts';
import { canaryDoors } from './canary-doors.ts';
import type { Planned } from './plan.ts';
import { rolloutAgent } from './rollout-agent.ts';
import type { RolloutReport } from './rollout-report.ts';

/**
 * The plan, and what carries it out. After a change that was cut off has been undone just now, the control plane is brought
 * back first, and planned for once it is there.
 */
export async function plannedContext<T extends Planned>(
  input: Omit<Parameters<typeof rolloutContext>[0], 'planned'> & {
    readonly plan: () => Promise<T>;
    readonly recovery: Recovery;
  },
): Promise<{ readonly planned: T; readonly context: RolloutContext }> {
  const { cli, plan, recovery, report } = input;
  const sinceTicks = cli.clock.ticks();
  const first = await plan();
  const context = await rolloutContext({ ...input, planned: first });
  report.step({ step: 'plan', state: 'done', durationMs: Math.round(cli.clock.ticks() - sinceTicks) });
  if (recovery.do !== 'undo') return { planned: first, context };
  await bringBack(context, recovery);
  const planned = await plan();
  return { planned, context: await rolloutContext({ ...input, planned }) };
}

/** What a rollout works with; every door is opened when it is first used. What it writes is recorded as ours. */
export async function rolloutContext(input: {
  readonly cli: CliContext;
  readonly common: CommonOptions;
  readonly options: Options;
  readonly planned: Pick<
    Planned,
    'config' | 'paths' | 'former' | 'rendered' | 'templatesDirectory' | 'patchesDirectory' | 'objects' | 'agentSettings'
  >;
  readonly report: RolloutReport;
}): Promise<RolloutContext> {
  const { cli, common, options, planned, report } = input;
  const { config, paths, former, rendered, templatesDirectory, patchesDirectory } = planned;
  const made = madeRecord(cli.host, paths);
  const host = recordingHost(cli.host, (entries) => made.add(entries));
  const door = agentDoor({ host, clock: cli.clock, paths, starter: await agentStarter(host, paths) });
  const workflow = workflowContext({ cli, common, options, config, paths, host, report, made, agent: door });
  const { clock, log, signal, kube, lastLogLines, runtime, runtimeType, invocation } = workflow;
  if (invocation === undefined) throw new Error('a rollout has an author');
  return {
    ...{ host, config, paths, former, rendered, report, clock, log, signal, kube, lastLogLines, runtime, invocation },
    ...{ templatesDirectory, patchesDirectory },
    agent: rolloutAgent({ host: cli.host, clock: cli.clock, paths }),
    obtainImage: (reference, pull) => loadImage({ reference, pull, runtime, host, config, report, now: clock.now() }),
    // What the runtime lacks here was said by the agent.
    canary: canaryDoors({ host: cli.host, clock, log: common.verbosity > 0 ? log : silentLog, paths, runtimeType }),
    objects: planned.objects,
    agentSettings: planned.agentSettings,
    tell: (event) => report.step(event),
  };
}

/** Unlike before an init, it is loaded: the old instance stops only when the new one can start. */
async function loadImage(input: {
  readonly reference: string;
  readonly pull: boolean;
  readonly runtime: () => Promise<ContainerRuntime>;
  readonly host: Host;
  readonly config: RolloutContext['config'];
  readonly report: RolloutReport;
  readonly now: number;
}): Promise<void> {
  const { reference, pull, host, config, report, now } = input;
  const runtime = await input.runtime();
  const { obtainImage } = await import('../../runtime/images/obtain.ts');
  const { readCredentials } = await import('../../runtime/images/credentials.ts');
  await obtainImage(runtime, reference, {
    policy: 'IfNotPresent',
    archives: config.bootstrap.images.archives,
    host,
    noPull: !pull || config.init.nodeRegistration.imagePullPolicy === 'Never',
    login: (image) => readCredentials(host, image),
    onProgress: (text) => report.waiting(`${reference}: ${text}`, now),
  });
}
