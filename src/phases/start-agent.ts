import type { AgentConfiguration } from '../agent/settings/configuration.ts';
import { sleep } from '../base/clock.ts';
import { humanDuration } from '../base/duration.ts';
import { OperationError } from '../base/errors.ts';
import { canonicalJson } from '../base/hash.ts';
import { agentConfigurationOf } from './agent-configuration.ts';
import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';

const askEveryMs = 25;
const readyWithinMs = 20_000;
const shownLogLines = 12;

/** Starts the agent with this plane's configuration, or keeps the one that runs with it. Ends when it answers. */
export const startAgentPhase: Phase<InitContext> = {
  name: 'start-agent',
  summary: 'start the agent, which runs the manifests',
  run: async (context) => {
    await beginAgent(context);
    await awaitAgent(context);
  },
};

/** Starts the agent without waiting for it. Changes nothing when it runs with the wanted configuration. */
export async function beginAgent(context: InitContext): Promise<void> {
  const { agent, paths, report } = context;
  const wanted = agentConfigurationOf({ ...context, runtime: await context.runtimeType() });
  const [pid, present] = await Promise.all([agent.pid(), agent.configuration()]);
  const plan = planAgent(wanted, { pid, present });
  if (plan.do === 'keep') return report.item({ item: 'agent', action: 'keep', because: plan.because });
  await context.host.makeDirectory(paths.kubernetesDir);
  // There before the agent looks: a directory that comes later is seen only at the next rescan.
  await context.host.makeDirectory(paths.manifestsDir, { mode: 0o700 });
  await agent.configure(wanted);
  if (plan.do === 'restart') await agent.stop();
  const how = await agent.start();
  report.item({ item: 'agent', action: plan.do, because: `${plan.because}; ${how}` });
}

type AgentPlan = { readonly do: 'keep' | 'start' | 'restart'; readonly because: string };

/** Pods stay whatever is done here: they do not belong to the agent's process. */
export function planAgent(
  wanted: AgentConfiguration,
  observed: { readonly pid: number | undefined; readonly present: AgentConfiguration | undefined },
): AgentPlan {
  const { pid, present } = observed;
  if (pid === undefined) return { do: 'start', because: 'none runs' };
  if (canonicalJson(present) === canonicalJson(wanted)) return { do: 'keep', because: `runs as pid ${pid}` };
  return { do: 'restart', because: 'its configuration changed; pods stay' };
}

/** Waits until the agent answers on its socket; an agent that ends instead is an error with its last words. */
export async function awaitAgent(context: InitContext): Promise<void> {
  const { agent, clock, signal, report } = context;
  const sinceMs = clock.now();
  let seen = false;
  for (;;) {
    signal.throwIfAborted();
    if ((await agent.status()) !== undefined) return;
    const pid = await agent.pid();
    const elapsedMs = clock.now() - sinceMs;
    if (seen && pid === undefined) throw await agentError(context, 'the agent ended while it started');
    if (elapsedMs > readyWithinMs)
      throw await agentError(context, `the agent does not answer after ${humanDuration(elapsedMs)}`);
    seen ||= pid !== undefined;
    report.waiting('the agent starts', sinceMs);
    await sleep(clock, askEveryMs, signal);
  }
}

async function agentError({ agent, paths }: InitContext, message: string): Promise<OperationError> {
  const { where, lines } = await agent.lastWords(shownLogLines);
  return new OperationError(message, {
    details: [`the end of ${where}:`, ...lines.map((line) => `  ${line}`)],
    hint: `bootstrap agent --config ${paths.agentConfig} --root-dir ${paths.root}   runs it in the foreground`,
  });
}
