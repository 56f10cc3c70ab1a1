import { resolve } from 'node:path';
import { lastRuntime, noteRuntime } from '../../agent/home/last-runtime.ts';
import { AgentMetrics } from '../../agent/metrics/agent-metrics.ts';
import { RuntimeHealth } from '../../agent/metrics/runtime-health.ts';
import { decideSettings } from '../../agent/settings/decide-settings.ts';
import type { AgentSettings } from '../../agent/settings/settings.ts';
import { sleep } from '../../base/clock.ts';
import { type Log, lineLog } from '../../base/log.ts';
import { type Paths, pathsOf } from '../../config/paths.ts';
import { collectGarbage } from '../../host/lean-memory.ts';
import { lockHolder, takeLock } from '../../host/lock.ts';
import { openLogFile } from '../../host/log-file.ts';
import type { Recovery } from '../../rollout/journal/recovery.ts';
import { chooseRuntime } from '../../runtime/open.ts';
import type { CliContext, CommandRun } from '../command.ts';
import { rolloutRecovery } from '../rollout/recover-rollout.ts';
import { AgentProcess } from './agent-process.ts';
import { collectWhenQuiet } from './collect-when-quiet.ts';
import { editGuard } from './guard-edits.ts';

const logFileBytes = 10 * 1024 * 1024;
const takeoverMs = 10_000;

/** Puts an agent together and runs it until a signal or `POST /stop`. */
export const runAgentCommand: CommandRun = async (context, { options, common }) => {
  const { host } = context;
  const paths = pathsOf(resolve(host.workingDirectory(), String(options.rootDir ?? '/')));
  const decide = () => decideSettings(host, options);
  const decided = await decide();
  const { settings } = decided;
  const log = await openLog(context, options.logFile, common.verbosity);
  if (options.takeover === true) await takeOver(context, paths);
  const lock = await takeLock(host, paths.agentLock, 'an agent');
  try {
    const recovered: Recovery[] = [];
    const recover = rolloutRecovery(context, paths, log, (recovery) => void recovered.push(recovery));
    await recover();
    const guard = editGuard({ host, clock: context.clock, paths, log });
    const setup = { ...(await setupOf({ context, paths, settings, log })), recover, recovered, guard };
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
  const { host, clock } = context;
  const planeRuntime = await lastRuntime(host, paths.stateDir);
  const choice = await chooseRuntime({ host, runtime: settings.runtime, planeRuntime });
  await noteRuntime(host, paths.stateDir, choice);
  log.verbose(1, `runtime ${choice.type}: ${choice.because}`);
  const health = new RuntimeHealth(clock.now());
  const memory = collectWhenQuiet(clock, collectGarbage);
  return { context, paths, log, choice, health, memory, metrics: new AgentMetrics(clock) };
}

async function openLog({ stderr, clock }: CliContext, logFile: unknown, verbosity: number): Promise<Log> {
  const write =
    typeof logFile === 'string' ? openLogFile(logFile, logFileBytes) : (line: string) => stderr.write(`${line}\n`);
  return lineLog(write, verbosity, clock.now);
}

async function takeOver({ host, clock }: CliContext, paths: Paths): Promise<void> {
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
