import { resolve } from 'node:path';
import { Agent } from '../agent/agent.ts';
import { decideSettings } from '../agent/decide-settings.ts';
import { lockHolder, takeLock } from '../agent/lock.ts';
import { ownerId } from '../agent/owner.ts';
import { agentRoutes, healthRoute } from '../agent/routes.ts';
import type { AgentSettings } from '../agent/settings.ts';
import { prepareSocketPath, removeSocketPath } from '../agent/socket-path.ts';
import { sleep } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import { type Log, lineLog } from '../base/log.ts';
import { type Paths, pathsOf } from '../config/paths.ts';
import { collectGarbage } from '../host/lean-memory.ts';
import { copyAndTruncate, openLogFile } from '../host/log-file.ts';
import { type Serving, serveHttp } from '../host/serve.ts';
import { releaseVersion } from '../kube/version.ts';
import { obtainImage } from '../runtime/images/obtain.ts';
import { chooseRuntime, openRuntime } from '../runtime/open.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { CliContext, CommandRun } from './command.ts';

const logFileBytes = 10 * 1024 * 1024;
const takeoverMs = 10_000;
/** After the start, and when a first start with images to load is surely over. */
const collectAfterMs = [5000, 40_000];

/** Puts an agent together and runs it until a signal or `POST /stop`. */
export const runAgentCommand: CommandRun = async (context, { options, common }) => {
  const { host } = context;
  const paths = pathsOf(resolve(host.workingDirectory(), String(options.rootDir ?? '/')));
  const { settings, warnings } = await decideSettings(host, options);
  const log = await openLog(context, options.logFile, common.verbosity);
  for (const warning of warnings) log.warn(warning);
  if (options.takeover === true) await takeOver(context, paths);
  const lock = await takeLock(host, paths.agentLock, 'an agent');
  try {
    await runAgent({ context, paths, settings, log });
  } finally {
    await lock.release();
  }
  log.info(`the agent (pid ${host.pid}) ends; pods stay as they are`);
  exitSoon();
  return 0;
};

type Setup = {
  readonly context: CliContext;
  readonly paths: Paths;
  readonly settings: AgentSettings;
  readonly log: Log;
};

async function runAgent(setup: Setup): Promise<void> {
  const { context, paths, settings, log } = setup;
  const runtime = await runtimeOf(setup);
  const agent = agentOf(setup, runtime);
  log.info(`agent pid ${context.host.pid} for ${settings.staticPodPath ?? 'no directory'}, runtime ${runtime.type}`);
  const socketPath = await prepareSocketPath(context.host, paths);
  const socket = await serveHttp({ socketPath }, agentRoutes(agent));
  const health = await serveHealth(settings, log);
  const cancels = collectAfterMs.map((ms) => context.clock.after(ms, collectGarbage));
  try {
    await agent.run(context.signal);
  } finally {
    for (const cancel of cancels) cancel();
    await Promise.all([socket.close(), health?.close(), runtime.close()]);
    await removeSocketPath(context.host, paths, socketPath);
  }
}

function agentOf({ context, paths, settings, log }: Setup, runtime: ContainerRuntime): Agent {
  const { host, clock } = context;
  const { containerLogMaxBytes: maxBytes, containerLogMaxFiles: maxFiles, imageArchives: archives } = settings;
  const tagsCache = new Map();
  return new Agent({
    host,
    clock,
    log,
    runtime,
    settings,
    paths,
    version: releaseVersion,
    obtainImage: (reference, policy) =>
      obtainImage(runtime, reference, { policy, archives, host, tagsCache, signal: context.signal }),
    // Docker rotates by itself.
    ...(runtime.type === 'process' ? { rotation: { host, maxBytes, maxFiles, copyAndTruncate } } : {}),
  });
}

async function runtimeOf({ context, paths, settings, log }: Setup): Promise<ContainerRuntime> {
  const { host, clock } = context;
  const { type, endpoint, because } = await chooseRuntime({ host, runtime: settings.runtime });
  log.verbose(1, `runtime ${type}: ${because}`);
  const owner = await ownerId(host, paths.stateDir);
  return openRuntime({ type, endpoint, host, clock, log, owner, paths });
}

async function openLog({ stderr, clock }: CliContext, logFile: unknown, verbosity: number): Promise<Log> {
  const write =
    typeof logFile === 'string' ? openLogFile(logFile, logFileBytes) : (line: string) => stderr.write(`${line}\n`);
  return lineLog(write, verbosity, clock.now);
}

/** A port that is taken costs only the health check. */
async function serveHealth({ healthz }: AgentSettings, log: Log): Promise<Serving | undefined> {
  if (healthz.port === 0) return undefined;
  try {
    return await serveHttp(healthz, healthRoute);
  } catch (thrown) {
    log.warn(`/healthz is not served: ${messageOf(thrown)}`);
    return undefined;
  }
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
