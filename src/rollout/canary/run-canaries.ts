import { BootstrapError, messageOf, PreflightError } from '../../base/errors.ts';
import type { Pod } from '../../kube/types.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { RolloutContext } from '../apply/context.ts';
import type { RolloutPlan } from '../types.ts';
import { Canary, type CanaryTools } from './canary.ts';
import { followCanaries } from './follow.ts';
import { availableMemory, tooLittleMemory } from './memory.ts';
import { type PlannedTrial, planTrials } from './plan-trials.ts';
import { issueForCanaries, type Prepared, prepareCanary, schemeOf, standInEtcd, unreachable } from './prepare.ts';
import { forgetLeases, isReady, makeAsker } from './readiness.ts';
import { type CanaryReport, reportOf, sayResults } from './report.ts';
import { changeText } from './rewrite-command.ts';
import { untriable } from './rewrite-pod.ts';
import { freePorts } from './scratch.ts';
import { sweepCanaries } from './sweep.ts';

/**
 * Starts every component that will restart once beside the running one, until it is ready or exits; nothing that runs is
 * touched, and nothing is left. Throws PreflightError with the programs' own words when one would not start.
 */
export async function runCanaries(context: RolloutContext, plan: RolloutPlan): Promise<CanaryReport> {
  const restarting = plan.components.filter(({ restart }) => restart).map(({ component }) => component);
  const trials = planTrials(restarting);
  if (trials.length === 0) return { trials: [], notes: [] };
  const { report, host, clock } = context;
  const available = availableMemory(await host.readText('/proc/meminfo'));
  const lack = tooLittleMemory(
    trials.map(({ component }) => component),
    available,
  );
  if (lack !== undefined) {
    const skipped = `nothing is tried beforehand: ${lack}`;
    report.warn(skipped);
    return { trials: [], notes: [], skipped };
  }
  report.waiting(`trying ${restarting.join(', ')} beside what runs`, clock.now());
  try {
    await sweepCanaries(context);
    return await tryAll(context, plan, trials);
  } catch (thrown) {
    if (thrown instanceof BootstrapError || context.signal.aborted) throw thrown;
    const hint = 'correct it, or leave this trial out with --skip-canary';
    throw new PreflightError(`the change cannot be tried beforehand: ${messageOf(thrown)}`, { cause: thrown, hint });
  } finally {
    await sweepCanaries(context).catch((thrown: unknown) =>
      report.warn(`canaries could not be removed, the next apply tries again: ${messageOf(thrown)}`),
    );
  }
}

async function tryAll(
  context: RolloutContext,
  plan: RolloutPlan,
  trials: readonly PlannedTrial[],
): Promise<CanaryReport> {
  const { canary: doors, clock, host, log, paths, signal } = context;
  const runtime = await doors.runtime();
  const { pods, notes } = await podsFor(context, trials, runtime.type === 'process');
  const ports = await freePorts(host);
  const [issued, asker] = await Promise.all([
    issueForCanaries(context, plan),
    makeAsker(host, { certificatesDir: paths.certificatesDir, now: clock.now() }),
  ]);
  const etcdScheme = schemeOf(pods.get('etcd'));
  const prepared = await Promise.all(
    [...pods].map(([component, pod]) => prepareCanary(component, pod, { context, ports, etcdScheme, issued })),
  );
  const stop = new AbortController();
  const scratch = { directory: doors.directory, ports, etcdScheme, addresses: [], files: new Map() };
  const asked = { host, scratch, asker, signal: AbortSignal.any([signal, stop.signal]) };
  const tools: CanaryTools = {
    doors,
    clock,
    isReady: (component) => isReady(component, asked),
    forgetLeases: () => forgetLeases(asked),
  };
  for (const { spec } of prepared) {
    for (const change of spec.changes) log.verbose(1, `canary of ${spec.component}: ${changeText(change)}`);
  }
  const canaries = new Map(prepared.map((item) => [item.spec.component, canaryOf(item, tools)]));
  const changed = trials.flatMap(({ component, role }) =>
    role === 'changed' && canaries.has(component) ? [component] : [],
  );
  const { healthTimeoutMs: timeoutMs } = context.config.bootstrap.rollout;
  await followCanaries({ canaries, changed, runtime, clock, signal, timeoutMs }).finally(() => stop.abort());
  const result = reportOf({ canaries, trials, notes });
  sayResults(context, result);
  return result;
}

function canaryOf({ spec, problem }: Prepared, tools: CanaryTools): Canary {
  const canary = new Canary(spec, tools);
  if (problem !== undefined) canary.refuse(problem, []);
  return canary;
}

/** The pods to try; `notes`: whom not, or not to the end, and why. */
async function podsFor(
  context: RolloutContext,
  trials: readonly PlannedTrial[],
  isProcess: boolean,
): Promise<{ readonly pods: ReadonlyMap<ComponentName, Pod>; readonly notes: readonly string[] }> {
  const pods = new Map<ComponentName, Pod>();
  const notes: string[] = [];
  const rendered = new Map(context.rendered.map(({ component, pod }) => [component, pod]));
  for (const { component } of trials) {
    const pod = rendered.get(component);
    const reason = pod && (untriable(component, pod) ?? unreachable(pod, isProcess));
    if (reason !== undefined) notes.push(`${component} is not tried beforehand: ${reason}`);
    else if (pod !== undefined) pods.set(component, pod);
  }
  const apiServer = pods.get('kube-apiserver');
  if (rendered.has('etcd') || apiServer === undefined) return { pods, notes };
  const etcd = await standInEtcd(context, apiServer);
  if (etcd === undefined)
    return {
      pods,
      notes: [
        ...notes,
        'etcd is external, and no etcd image is here: the API server is tried only until it has read its flags and files',
      ],
    };
  notes.push('etcd is external: the API server is tried against an etcd of the canaries, without its certificates');
  return { pods: new Map([['etcd', etcd], ...pods]), notes };
}
