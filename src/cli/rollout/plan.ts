import { PreflightError } from '../../base/errors.ts';
import type { Report } from '../../base/report.ts';
import type { WantedObject } from '../../cluster/wanted-object.ts';
import { type Paths, pathsOf } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import { componentState } from '../../health/component-state.ts';
import type { Host } from '../../host/host.ts';
import type { AgentStatus } from '../../kube/agent-socket.ts';
import type { RenderedManifest } from '../../manifests/render.ts';
import { renderFor } from '../../phases/write-manifests.ts';
import type { NewFile } from '../../rollout/apply/issue-anew.ts';
import { possibleChangeOver } from '../../rollout/change-over/possible.ts';
import { readJournal } from '../../rollout/journal/journal.ts';
import type { ObjectsInput } from '../../rollout/objects/gather-objects.ts';
import { hasPlane, isEmptyPlan, planRollout } from '../../rollout/plan/plan.ts';
import { gatherPlanFacts } from '../../rollout/plan/plan-facts.ts';
import { type LastGood, readCurrentRevision, readLastGood } from '../../rollout/revisions/revisions.ts';
import type { RolloutPlan } from '../../rollout/types.ts';
import { agentDoor, noStarter } from '../agent/agent-door.ts';
import type { CliContext, CommandRun } from '../command.ts';
import { quoted } from '../init/author.ts';
import { madeRecord } from '../init/made-record.ts';
import type { Options } from '../workflow-context.ts';
import { pathsFor, rootDirOf, textOption } from '../workflow-context.ts';
import { planAgentSettings } from './agent-settings.ts';
import { withAskedFlags } from './ask-flags.ts';
import { movedAddress } from './moved-address.ts';
import { type PlanInput, planInput, withPatches } from './plan-input.ts';
import { differencesExitCode, planReport, refuseUnreadable, showResult } from './plan-output.ts';
import { planText } from './plan-text.ts';
import { plannedMove } from './planned-move.ts';
import { plannedObjects } from './planned-objects.ts';

/** `bootstrap plan`: reads configuration, disk and agent, and shows what `apply` would change. Writes nothing. */
export const run: CommandRun = async (cli, { options, common }) => {
  const { report, warnings } = planReport();
  const { plan, lastGood } = await planFor(cli, options, report).catch(refuseUnreadable);
  const [changes, revision] = [!isEmptyPlan(plan), lastGood?.number];
  showResult(cli, common, {
    warnings,
    text: (screen) => planText(plan, { screen, revision, changes, apply: applyCommand(options) }),
    document: () => planDocument(plan, { revision, warnings }),
  });
  return changes ? differencesExitCode : 0;
};

/** Options of `plan` that `apply` is given too. */
const applyFlags = {
  config: '--config',
  rootDir: '--root-dir',
  runtime: '--runtime',
  runtimeEndpoint: '--runtime-endpoint',
  patches: '--patches',
  templates: '--templates',
};

/** What does what the plan says, as it is to be typed. */
function applyCommand(options: Options): string {
  const given = Object.entries(applyFlags).flatMap(([name, flag]) => {
    const value = textOption(options, name);
    return value === undefined || (name === 'rootDir' && value === '/') ? [] : [flag, quoted(value)];
  });
  return ['bootstrap apply', ...given].join(' ');
}

/** What `-o json` gives; docs/change-safely.md tells its members. */
export function planDocument(
  plan: RolloutPlan,
  more: { readonly revision: number | undefined; readonly warnings: readonly string[] },
): Readonly<Record<string, unknown>> {
  const { components, files, objects, move, blocked, configuration, takenUp, notes } = plan;
  const { revision, warnings } = more;
  const told = { components, files, objects, ...(move && { move }), blocked, configuration, takenUp, notes, warnings };
  return { kind: 'RolloutPlan', changes: !isEmptyPlan(plan), revision, ...told };
}

export type Planned = {
  readonly plan: RolloutPlan;
  readonly config: Config;
  readonly paths: Paths;
  readonly lastGood: LastGood | undefined;
  readonly former: Config | undefined;
  readonly rendered: readonly RenderedManifest[];
  readonly templatesDirectory: string | undefined;
  /** Where the patches are that the manifests were rendered with. */
  readonly patchesDirectory: string | undefined;
  readonly status: AgentStatus | undefined;
  /** What the configuration wants in the cluster. */
  readonly objects: ObjectsInput | undefined;
  /** agent.yaml, where the configuration asks for another one than is there. */
  readonly agentSettings: NewFile | undefined;
};

/** The plan of the configuration that the options name, else of the stored one. */
export async function planFor(cli: CliContext, options: Options, report: Report): Promise<Planned> {
  const { host } = cli;
  const root = rootDirOf(host, options);
  const lastGood = await readLastGood(host, pathsOf(root));
  const stored = await planInput(host, options, lastGood);
  const moved = textOption(options, 'config') === undefined ? await movedAddress(host, stored.config) : undefined;
  const input = moved?.config === undefined ? stored : { ...stored, config: moved.config, sameInput: false };
  // Those of the stored configuration were said when it was given.
  const fresh = textOption(options, 'config') === undefined ? [] : input.config.warnings;
  if (moved !== undefined) report.warn(moved.note);
  for (const warning of fresh) report.warn(warning.replace(/(^|: )warning: /, '$1'));
  return planFrom(cli, { root, lastGood, input }, report);
}

/**
 * What a plan is made from; `manifests`, `objects` and `files` in place of what would be rendered, and of what is on the
 * disk.
 */
export type PlanSource = {
  readonly root: string;
  readonly lastGood: LastGood | undefined;
  readonly input: PlanInput;
  readonly manifests?: readonly RenderedManifest[];
  readonly objects?: readonly WantedObject[] | undefined;
  readonly files?: Host;
};

/** The plan of a configuration that was read already. */
export async function planFrom(cli: CliContext, source: PlanSource, report: Report): Promise<Planned> {
  const { host, clock } = cli;
  const { root, lastGood, input, manifests } = source;
  const { config, former, patchesDirectory, templatesDirectory } = input;
  const paths = pathsFor(root, config);
  const agent = agentDoor({ host, clock, paths, starter: noStarter });
  const [rendered, status, agentConfiguration, made, journal, current, objects] = await Promise.all([
    manifests ?? renderFor({ config: withPatches(config, patchesDirectory), paths, host, report, templatesDirectory }),
    agent.status(),
    agent.configuration(),
    madeRecord(host, paths).all(),
    readJournal(host, paths),
    readCurrentRevision(host, paths.revisionsDir),
    plannedObjects(host, paths, source),
  ]);
  if (journal !== undefined)
    report.warn(`${journal.command} is under way or was cut off: what is here may still change`);
  const { sameInput } = input;
  const move = await plannedMove({ host, config, paths, status, configured: agentConfiguration?.runtime });
  const settings = planAgentSettings({ present: agentConfiguration, config, paths, sameInput, move });
  const facts = await gatherPlanFacts({
    ...{ config, paths, rendered, status, lastGood, current, former, made },
    host: source.files ?? host,
    now: clock.now(),
    move,
    changeOver: await possibleChangeOver(host, componentState(status, 'kube-apiserver').pod?.pod),
    sameInput,
    notes: input.notes,
    otherFiles: settings === undefined ? [] : [settings.change],
    objects: objects.facts,
  });
  if (!hasPlane(facts)) {
    throw new PreflightError(`there is no control plane below ${root}`, { hint: 'bootstrap init makes one' });
  }
  const planeRuntime = agentConfiguration?.runtime;
  const plan = await withAskedFlags(cli, planRollout(facts), { facts, planeRuntime });
  const read = { config, paths, lastGood, former, rendered, templatesDirectory, patchesDirectory, status };
  return { plan, ...read, objects: objects.input, agentSettings: settings?.file };
}
