import { resolve } from 'node:path';
import { readOwnerId } from '../../agent/home/owner.ts';
import { lineLog } from '../../base/log.ts';
import { configFlagsOf } from '../../config/flags.ts';
import { imagesOf } from '../../config/images.ts';
import { loadConfig } from '../../config/load.ts';
import { type Paths, pathsOf } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import { parseYaml } from '../../kube/yaml.ts';
import { chooseRuntime, openRuntime, type RuntimeChoice } from '../../runtime/open.ts';
import type { ContainerRuntime, RuntimeType } from '../../runtime/runtime.ts';
import type { CliContext, CommandRun } from '../command.ts';

export type Invocation = Parameters<CommandRun>[1];

/** What `bootstrap images …` works with. */
export type ImageSession = {
  readonly config: Config;
  readonly choice: RuntimeChoice;
  readonly runtime: ContainerRuntime;
  /** Full references, each once. */
  readonly needed: readonly string[];
  readonly paths: Paths;
};

/** Reads the configuration, opens the runtime it means, and closes it after `work`. */
export async function withImageSession<T>(
  context: CliContext,
  invocation: Invocation,
  work: (session: ImageSession) => Promise<T>,
): Promise<T> {
  const { host, clock, stderr } = context;
  const { options, common } = invocation;
  const rootDir = resolve(host.workingDirectory(), String(options.rootDir ?? '/'));
  const file = typeof options.config === 'string' ? { file: options.config } : {};
  const config = await loadConfig({ host, ...file, flags: configFlagsOf(options), rootDir });
  const paths = pathsOf(rootDir);
  const choice = await chooseRuntime({
    host,
    runtime: config.bootstrap.runtime,
    criSocket: config.init.nodeRegistration.criSocket,
    planeRuntime: planeRuntime(await host.readText(paths.agentConfig), paths.agentConfig),
  });
  const log = lineLog(
    (line) => stderr.write(`${line}\n`),
    common.verbosity,
    () => clock.now(),
  );
  const owner = (await readOwnerId(host, paths.stateDir)) ?? '';
  const runtime = await openRuntime({ ...choice, host, clock, log, owner, paths });
  try {
    return await work({ config, choice, runtime, paths, needed: [...new Set(Object.values(imagesOf(config)))] });
  } finally {
    await runtime.close();
  }
}

/** What the plane was made with, as agent.yaml tells. */
function planeRuntime(text: string | undefined, file: string): { type?: RuntimeType; endpoint?: string } | undefined {
  const value = text === undefined ? undefined : parseYaml(text, file).documents[0]?.value;
  return (value as { runtime?: { type?: RuntimeType; endpoint?: string } } | undefined)?.runtime;
}
