import { join } from 'node:path';
import type { Report } from '../../base/report.ts';
import type { Paths } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import type { PlannedEffect } from '../../host/dry-run-host.ts';
import { dryRunHost } from '../../host/dry-run-host.ts';
import type { Host } from '../../host/host.ts';
import type { KubeClient } from '../../kube/client.ts';
import { dryRunKubeClient } from '../../kube/dry-run-client.ts';
import { toYaml } from '../../kube/yaml.ts';
import type { AgentDoor, InitContext, MadeRecord } from '../../phases/context.ts';
import { agentDoor } from '../agent/agent-door.ts';
import { agentStarter } from '../agent/agent-starter.ts';
import type { CliContext, CommonOptions } from '../command.ts';
import { withoutSecretData, withoutSecrets } from '../secrets.ts';
import type { Options } from '../workflow-context.ts';
import { workflowContext } from '../workflow-context.ts';
import { rememberedRecord } from './made-record.ts';

type DryRunInput = {
  readonly cli: CliContext;
  readonly common: CommonOptions;
  readonly options: Options;
  readonly config: Config;
  readonly paths: Paths;
  readonly report: Report;
  readonly made: MadeRecord;
};

/** What a wait would have ended with is put as what it would wait for. */
const wouldWaitFor: Readonly<Record<string, string>> = {
  healthy: 'would wait until it is healthy',
  works: 'would wait until it may list namespaces',
};

/** The context of `init --dry-run`: a cluster that is only told about, images that are not pulled. */
export async function dryRunSetUp(input: DryRunInput): Promise<InitContext> {
  const report = dryRunReport(input.report);
  const context = workflowContext({
    ...input,
    ...(await dryRunDoors({ ...input, report })),
    report,
    kube: async (path) => pretendedCluster(path, report),
  });
  return { ...context, dryRun: true, obtainImage: (reference) => findOnly(context, reference) };
}

/** A cluster that is told about; what others than `init` put into it is there: namespaces, and the Node by the agent. */
function pretendedCluster(kubeconfig: string, report: Report): KubeClient {
  const client = dryRunKubeClient(kubeconfig, ({ method, path, body }) =>
    report.file(`${method} ${path}`, toYaml(withoutSecretData(body))),
  );
  const others = /^\/api\/v1\/(namespaces|nodes)\/[^/]+$/;
  return {
    ...client,
    get: async <T>(path: string) =>
      (await client.get<T>(path)) ?? (others.test(path) ? ({ metadata: {} } as T) : undefined),
  };
}

/** The doors of a dry run: a host that writes elsewhere, an agent that is only told about, a record that is forgotten. */
export async function dryRunDoors(
  input: Pick<DryRunInput, 'cli' | 'paths' | 'report' | 'made'>,
): Promise<{ readonly host: Host; readonly agent: AgentDoor; readonly made: MadeRecord }> {
  const { cli, paths, report, made } = input;
  const overlay = await overlayDirectory(cli.host);
  report.info(`a dry run: what it writes goes below ${overlay} instead`);
  const host = dryRunHostFor(cli, report, overlay);
  const door = agentDoor({ host, clock: cli.clock, paths, starter: await agentStarter(host, paths) });
  return { host, agent: dryRunAgent(door, cli.clock.now()), made: rememberedRecord(made) };
}

/** The machine for a dry run; every file that would be written is shown, secrets left out. */
function dryRunHostFor(cli: CliContext, report: Report, overlay: string): Host {
  return dryRunHost(cli.host, {
    overlay,
    onEffect: (effect) => tell(effect, report),
    answer: (url) =>
      /\/(livez|readyz|healthz)$/.test(url) ? { status: 200, headers: {}, body: Buffer.from('ok') } : undefined,
  });
}

/** A private directory of its own for what would be written. */
async function overlayDirectory(host: Host): Promise<string> {
  const name = Buffer.from(host.randomBytes(6)).toString('hex');
  const path = join(host.temporaryDirectory(), `bootstrap-dry-run-${name}`);
  await host.makeDirectory(path, { mode: 0o700 });
  return path;
}

function tell(effect: PlannedEffect, report: Report): void {
  if (effect.kind === 'write') report.file(effect.path, withoutSecrets(Buffer.from(effect.data).toString()));
  if (effect.kind === 'start') report.info(`would start: ${effect.command.join(' ')}`);
  if (effect.kind === 'signal') report.info(`would send ${effect.signal} to pid ${effect.pid}`);
  if (effect.kind === 'remove') report.info(`would remove ${effect.path}`);
}

function dryRunReport(report: Report): Report {
  return {
    ...report,
    item: (item) => {
      const because = wouldWaitFor[item.action];
      report.item(because === undefined ? item : { item: item.item, action: 'wait', because });
    },
  };
}

/** As the real one, but once told to start it answers for an agent that is not there. */
function dryRunAgent(door: AgentDoor, nowMs: number): AgentDoor {
  let started = false;
  const pretended = {
    pid: 0,
    version: '',
    startedAt: new Date(nowMs).toISOString(),
    nodeName: '',
    runtime: { type: '', name: '', version: '' },
    pods: [],
    rejected: [],
  };
  return {
    ...door,
    status: async () => (await door.status()) ?? (started ? pretended : undefined),
    start: async () => {
      started = true;
      return door.start();
    },
    stop: async () => (await door.pid()) !== undefined,
  };
}

async function findOnly(context: InitContext, reference: string): Promise<void> {
  try {
    await context.obtainImage(reference, false);
  } catch {
    context.report.info(`would pull ${reference}`);
  }
}
