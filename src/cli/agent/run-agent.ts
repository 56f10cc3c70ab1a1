import { resolve } from 'node:path';
import { StartTimes } from '../../agent/home/start-times.ts';
import { AgentMetrics } from '../../agent/metrics/agent-metrics.ts';
import { RuntimeHealth } from '../../agent/metrics/runtime-health.ts';
import { decideSettings } from '../../agent/settings/decide-settings.ts';
import type { AgentSettings } from '../../agent/settings/settings.ts';
import { sleep } from '../../base/clock.ts';
import { PreflightError } from '../../base/errors.ts';
import { journalLog, type Log, lineLog } from '../../base/log.ts';
import { type Paths, pathsOf } from '../../config/paths.ts';
import { collectGarbage, letYoungGenerationGrow } from '../../host/lean-memory.ts';
import { lockHolder, takeLock } from '../../host/lock.ts';
import { openLogFile } from '../../host/log-file.ts';
import type { Recovery } from '../../rollout/journal/recovery.ts';
import type { CliContext, CommandRun } from '../command.ts';
import { rolloutRecovery } from '../rollout/recover-rollout.ts';
import { AgentProcess } from './agent-process.ts';
import { agentRuntimes } from './agent-runtimes.ts';
import { collectWhenQuiet } from './collect-when-quiet.ts';
import { editGuard } from './guard-edits.ts';
import { findKubelet } from './rivals.ts';
import { takeServiceManager } from './service/service-manager.ts';
import { serviceNotifier } from './service/service-notifier.ts';

const logFileBytes = 10 * 1024 * 1024;
const takeoverMs = 10_000;

/** Puts an agent together and runs it until a signal or `POST /stop`. */
export const runAgentCommand: CommandRun = async (context, { options, common }) => {
  const { host } = context;
  const paths = pathsOf(resolve(host.workingDirectory(), String(options.rootDir ?? '/')));
  const decide = () => decideSettings(host, options);
  let decided = await decide();
  const manager = await takeServiceManager(host);
  const log = openLog(context, { logFile: options.logFile, journal: manager.journal, verbosity: common.verbosity });
  const takeover = options.takeover === true;
  if (takeover) await endOther(context, paths);
  const lock = await takeLock(host, paths.agentLock, 'an agent');
  try {
    const recovered: Recovery[] = [];
    const recovery = rolloutRecovery(context, paths, log, (found) => void recovered.push(found));
    await recovery();
    // What was put back may say how this agent is to run: until it does, nobody goes on by what is over.
    const isStale = () => recovered.some(({ restored }) => restored.includes(paths.agentConfig));
    const recover = async () => {
      const done = await recovery();
      return isStale() ? 'left' : done;
    };
    if (isStale()) decided = await decide();
    const { settings } = decided;
    const guard = editGuard({ host, clock: context.clock, paths, log });
    const service = serviceNotifier({ ...context, log }, manager);
    const parts = await setupOf({ context, paths, settings, log });
    const setup = { ...parts, service, recover, recovered, guard, takeover };
    const where = settings.staticPodPath ?? settings.manifestURL ?? 'no directory';
    log.info(`agent pid ${host.pid} for ${where}, runtime ${setup.choice.type}`);
    setup.memory.busy();
    await AgentProcess.run(setup, decided, decide).finally(setup.memory.end);
  } finally {
    await lock.release();
  }
  log.info(`the agent (pid ${host.pid}) ends; pods stay as they are`);
  exitSoon();
  return 0;
};

async function setupOf(input: {
  readonly context: CliContext;
  readonly paths: Paths;
  readonly settings: AgentSettings;
  readonly log: Log;
}) {
  const { context, paths, settings, log } = input;
  const { clock } = context;
  const runtimes = await agentRuntimes({ context, paths, log }, settings);
  log.verbose(1, `runtime ${runtimes.choice.type}: ${runtimes.choice.because}`);
  const start = await StartTimes.open(context.host, clock, paths);
  const health = new RuntimeHealth(clock.now(), () => start.runtimeAnswered());
  const memory = collectWhenQuiet(clock, collectGarbage, letYoungGenerationGrow);
  return { context, paths, log, ...runtimes, start, health, memory, metrics: new AgentMetrics(clock) };
}

function openLog(
  { stderr, clock }: CliContext,
  to: { readonly logFile: unknown; readonly journal: boolean; readonly verbosity: number },
): Log {
  const { logFile, journal, verbosity } = to;
  if (typeof logFile === 'string') return lineLog(openLogFile(logFile, logFileBytes), verbosity, clock.now);
  const write = (line: string) => stderr.write(`${line}\n`);
  return journal ? journalLog(write, verbosity) : lineLog(write, verbosity, clock.now);
}

/** Ends the agent of this root directory; throws PreflightError, with nothing touched, where a kubelet runs. */
async function endOther({ host, clock }: CliContext, paths: Paths): Promise<void> {
  const kubelet = await findKubelet(host);
  if (kubelet !== undefined) {
    throw new PreflightError(`nothing is taken over: ${kubelet.problem}`, { hint: kubelet.hint });
  }
  const holder = await lockHolder(host, paths.agentLock);
  if (holder === undefined || !host.kill(holder.pid, 'SIGTERM')) return;
  const sinceMs = clock.now();
  while (clock.now() - sinceMs < takeoverMs && (await lockHolder(host, paths.agentLock)) !== undefined) {
    await sleep(clock, 20);
  }
}

/** What is still being waited for, such as a pod's grace period, goes on without us: the next agent looks anew. */
function exitSoon(): void {
  setTimeout(() => process.exit(0), 200).unref();
}
