import { resolve } from 'node:path';
import { ownerId } from '../agent/home/owner.ts';
import { parseDuration } from '../base/duration.ts';
import { UsageError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { lineLog } from '../base/log.ts';
import type { Report } from '../base/report.ts';
import type { Paths } from '../config/paths.ts';
import { pathsOf } from '../config/paths.ts';
import type { Config } from '../config/types.ts';
import type { Host } from '../host/host.ts';
import { syncLatencies } from '../host/sync-latency.ts';
import { whyNotWritable } from '../host/writable.ts';
import { createKubeClient } from '../kube/client.ts';
import { readClusterAccess } from '../kubeconfig/read-access.ts';
import type { AgentDoor, InitContext, MadeRecord } from '../phases/context.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import type { CliContext, CommonOptions } from './command.ts';
import { authorOf } from './init/author.ts';

export type Options = Readonly<Record<string, unknown>>;

export function textOption(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function listOption(options: Options, name: string): readonly string[] {
  const value = options[name];
  return Array.isArray(value) ? value.map(String) : [];
}

/** A Go duration in ms; `UsageError` when it is none. */
export function durationOption(options: Options, name: string): number | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === undefined || ms < 0)
    throw new UsageError(`"${text}" is no duration`, { hint: 'write it as 90s, 4m or 1m30s' });
  return ms;
}

/** The absolute root directory: what `--root-dir` says, counted from the working directory. */
export function rootDirOf(host: Pick<Host, 'workingDirectory'>, options: Options): string {
  return resolve(host.workingDirectory(), textOption(options, 'rootDir') ?? '/');
}

export function pathsFor(root: string, config: Config): Paths {
  const { certificatesDir, etcd } = config.cluster;
  return pathsOf(root, {
    certificatesDir,
    ...(etcd.local === undefined ? {} : { etcdDataDir: etcd.local.dataDir }),
  });
}

export type WorkflowInput = {
  readonly cli: CliContext;
  readonly common: CommonOptions;
  readonly options: Options;
  readonly config: Config;
  readonly paths: Paths;
  readonly host: Host;
  readonly report: Report;
  readonly made: MadeRecord;
  readonly agent: AgentDoor;
  readonly kube?: InitContext['kube'];
};

/** The context of the phases; every door is opened when it is first used, and only then. */
export function workflowContext(input: WorkflowInput): InitContext {
  const { cli, common, options, config, paths, host, report } = input;
  const { clock } = cli;
  const log = lineLog(
    (line) => cli.stderr.write(`${line}\n`),
    common.verbosity,
    () => clock.now(),
  );
  const runtimeType = once(() => chosenRuntime(input));
  const runtime = once(() => openedRuntime(input, runtimeType, log));
  const templates = textOption(options, 'templates');
  return {
    config,
    paths,
    host,
    clock,
    report,
    log,
    signal: cli.signal,
    dryRun: config.init.dryRun,
    ...(templates === undefined ? {} : { templatesDirectory: resolve(host.workingDirectory(), templates) }),
    ignoredChecks: new Set(config.init.nodeRegistration.ignorePreflightErrors.map((name) => name.toLowerCase())),
    ...(options.cni === 'bridge' ? { cni: options.cni } : {}),
    waitTimeoutMs: durationOption(options, 'waitTimeout') ?? config.init.timeouts.controlPlaneComponentHealthCheckMs,
    joining: {
      uploadCerts: options.uploadCerts === true,
      certificateKey: config.init.certificateKey ?? Buffer.from(host.randomBytes(32)).toString('hex'),
      skipTokenPrint: options.skipTokenPrint === true,
      skipCertificateKeyPrint: options.skipCertificateKeyPrint === true,
    },
    made: input.made,
    invocation: { startedMs: clock.now(), author: authorOf(host, cli.argv) },
    whyNotWritable,
    syncLatencies,
    agent: input.agent,
    runtimeType,
    runtime,
    kube: input.kube ?? ((path, more) => kubeFrom(host, path, more)),
    lastLogLines: async (pod, container, count) => {
      const { lastLogLines } = await import('./status/log-lines.ts');
      return lastLogLines(host, { paths, pod, container, count });
    },
    obtainImage: (reference, pull) => obtain({ config, host, runtime, pull, report, clock: cli.clock }, reference),
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function chosenRuntime({ config, host, agent }: WorkflowInput): ReturnType<InitContext['runtimeType']> {
  const { chooseRuntime } = await import('../runtime/open.ts');
  return chooseRuntime({
    host,
    runtime: config.bootstrap.runtime,
    criSocket: config.init.nodeRegistration.criSocket,
    planeRuntime: (await agent.configuration())?.runtime,
  });
}

async function openedRuntime(
  { cli, host, paths }: WorkflowInput,
  runtimeType: InitContext['runtimeType'],
  log: Log,
): Promise<ContainerRuntime> {
  const { openRuntime } = await import('../runtime/open.ts');
  const { type, endpoint } = await runtimeType();
  const owner = await ownerId(host, paths.stateDir);
  return openRuntime({ type, endpoint, host, clock: cli.clock, log, owner, paths });
}

type KubeOptions = NonNullable<Parameters<InitContext['kube']>[1]>;

async function kubeFrom(
  host: Host,
  path: string,
  { server, anyName, ...more }: KubeOptions = {},
): ReturnType<InitContext['kube']> {
  const access = await readClusterAccess(host, path);
  return createKubeClient(host, { ...access, server: server ?? access.server, anyName }, more);
}

type ObtainInput = {
  readonly config: Config;
  readonly host: Host;
  readonly runtime: () => Promise<ContainerRuntime>;
  readonly pull: boolean;
  readonly report: Report;
  readonly clock: CliContext['clock'];
};

/** Looks, and pulls only what is nowhere on this machine; an archive is loaded later, by the agent. */
async function obtain(input: ObtainInput, reference: string): Promise<void> {
  const { config, host, pull, report, clock } = input;
  const runtime = await input.runtime();
  if ((await runtime.findImage(reference)) !== undefined) return;
  const { findInArchives, obtainImage } = await import('../runtime/images/obtain.ts');
  const { readCredentials } = await import('../runtime/images/credentials.ts');
  const { archives } = config.bootstrap.images;
  if ((await findInArchives(reference, { archives, host })) !== undefined) return;
  const sinceMs = clock.now();
  report.waiting(`pulling ${reference}`, sinceMs);
  await obtainImage(runtime, reference, {
    policy: config.init.nodeRegistration.imagePullPolicy,
    archives,
    host,
    noPull: !pull,
    login: (image) => readCredentials(host, image),
    onProgress: (text) => report.waiting(`${reference}: ${text}`, sinceMs),
  });
}
