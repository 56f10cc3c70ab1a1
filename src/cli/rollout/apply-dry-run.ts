import type { ComponentName } from '../../manifests/component.ts';
import { refuseBlocked } from '../../rollout/apply/apply-rollout.ts';
import { planWork, type RolloutWork } from '../../rollout/apply/plan-work.ts';
import { isEmptyPlan } from '../../rollout/plan/plan.ts';
import type { CliContext, CommonOptions } from '../command.ts';
import { createReport } from '../report.ts';
import { plainScreen } from '../status/status-table.ts';
import { styleOf } from '../style.ts';
import type { Options } from '../workflow-context.ts';
import { type Planned, planDocument, planFor } from './plan.ts';
import { planText } from './plan-text.ts';

/** `apply --dry-run`: plans and shows; changes nothing, takes no lock. */
export async function applyDryRun(
  cli: CliContext,
  { options, ...rest }: { readonly options: Options } & Omit<Shown, 'planned'>,
): Promise<number> {
  const planned = await planFor(cli, options, createReport(cli, rest.common));
  return showDryRun(cli, { ...rest, planned });
}

type Shown = {
  readonly common: CommonOptions;
  readonly planned: Planned;
  readonly component: ComponentName | undefined;
};

/** The plan, and what would be done in which order. */
export async function showDryRun(cli: CliContext, { common, planned, component }: Shown): Promise<number> {
  const { plan, rendered, lastGood } = planned;
  refuseBlocked(plan);
  const texts = rendered.map(async ({ file }) => [file, await cli.host.readText(file)] as const);
  const work = planWork(plan, { rendered, onDisk: new Map(await Promise.all(texts)), only: component });
  const objects = component === undefined && plan.objects.length > 0;
  const would = [...wouldDo(work), ...(objects ? ['would bring the objects in the cluster along'] : [])];
  const screen = cli.stdout.isTerminal ? { columns: cli.stdout.columns, style: styleOf(common.color) } : plainScreen;
  const revision = lastGood?.number;
  const text = planText(plan, { screen, revision, changes: !isEmptyPlan(plan) });
  createReport(cli, common).finish({
    text: `${text}${would.map((line) => `${line}\n`).join('')}`,
    document: { ...planDocument(plan, { revision, warnings: [] }), dryRun: true, would },
  });
  return 0;
}

function wouldDo({ components, reissue, left }: RolloutWork): readonly string[] {
  const restarting = components.filter(({ restart }) => restart);
  return [
    ...restarting.map(({ component }) => `would try ${component} beside the running one`),
    ...reissue.map(({ file, because }) => `would write ${file}: ${because}`),
    ...components.map(({ component, restart, because }) =>
      restart
        ? `would change ${component} and wait until it is healthy: ${because}`
        : `would put ${component} right: ${because}`,
    ),
    ...left.map((name) => `would leave ${name}`),
  ];
}
