import { join, resolve } from 'node:path';
import { LastGoodStore } from '../../agent/source/last-good.ts';
import { type Finding, renderFinding } from '../../base/diagnostics.ts';
import { BootstrapError, messageOf, UsageError } from '../../base/errors.ts';
import { silentLog } from '../../base/log.ts';
import { type Paths, pathsOf } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { decodePod } from '../../kube/pod.ts';
import type { Pod } from '../../kube/types.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { components, componentsOf, manifestFile } from '../../manifests/components.ts';
import type { RenderedManifest } from '../../manifests/render.ts';
import { applyRollout } from '../../rollout/apply/apply-rollout.ts';
import { readLastGood } from '../../rollout/revisions/revisions.ts';
import type { CliContext, CommandRun } from '../command.ts';
import { rootDirOf } from '../workflow-context.ts';
import { finish } from './apply.ts';
import { forgetEdit, noteEdit } from './hand-edit-notes.ts';
import { type Planned, planFrom } from './plan.ts';
import { planInput } from './plan-input.ts';
import { rolloutAgent } from './rollout-agent.ts';
import { rolloutContext } from './rollout-context.ts';
import { type RolloutReport, rolloutReport } from './rollout-report.ts';
import { withRolloutLock } from './rollout-session.ts';

/**
 * `bootstrap apply --adopt FILE`, begun by the agent: a manifest that was edited by hand is put back as it runs, and the
 * edit goes the way of every rollout: canary, gate, back when it fails. What fails is kept, with the reason.
 */
export async function adoptEdit(...[cli, { options, common }]: Parameters<CommandRun>): Promise<number> {
  const { host, clock } = cli;
  const root = rootDirOf(host, options);
  const paths = pathsOf(root);
  const file = resolve(host.workingDirectory(), String(options.adopt));
  const report = rolloutReport(cli, common);
  return withRolloutLock({ cli, root, report }, async () => {
    const edit = await findEdit(host, paths, file);
    if (edit === undefined) return 0;
    const { component, text } = edit;
    const note = { component, text, atMs: clock.now() };
    await noteEdit(host, paths, { ...note, reason: 'its trial was cut off' });
    await putBack(host, edit);
    await rolloutAgent({ host, clock, paths }).look();
    try {
      const planned = await planAdoption(cli, edit, { root, report });
      const context = await rolloutContext({ cli, common, options, planned, report });
      const message = `${manifestFile(component)} was edited by hand`;
      const result = await applyRollout(context, planned.plan, { component, message });
      finish(report, result, clock.now() - context.invocation.startedMs);
    } catch (thrown) {
      await noteEdit(host, paths, { ...note, reason: reasonOf(thrown) });
      throw thrown;
    }
    await forgetEdit(host, paths, component);
    return 0;
  });
}

/** The stored configuration with the manifests as they are on the disk, but for the edited one. */
async function planAdoption(
  cli: CliContext,
  edit: Edit,
  { root, report }: { readonly root: string; readonly report: RolloutReport },
): Promise<Planned> {
  const { host } = cli;
  const lastGood = await readLastGood(host, pathsOf(root));
  const input = await planInput(host, { rootDir: root }, lastGood);
  const { manifestsDir } = pathsOf(root);
  const manifests = componentsOf(input.config).map(async ({ name }): Promise<readonly RenderedManifest[]> => {
    if (name === edit.component) return [{ ...edit, warnings: [] }];
    const file = join(manifestsDir, manifestFile(name));
    const text = await host.readText(file);
    const { pod } = decodePod(text ?? '', file);
    return text === undefined || pod === undefined ? [] : [{ component: name, file, text, pod, warnings: [] }];
  });
  const source = { root, lastGood, input: { ...input, sameInput: false } };
  return planFrom(cli, { ...source, manifests: (await Promise.all(manifests)).flat() }, report);
}

/** A manifest that says something else than what runs by it. */
type Edit = {
  readonly component: ComponentName;
  readonly file: string;
  readonly text: string;
  readonly pod: Pod;
  /** What runs. */
  readonly former: string;
};

/** Undefined when somebody has taken it back, or made no manifest of it. */
async function findEdit(host: Host, paths: Paths, file: string): Promise<Edit | undefined> {
  const component = components.find(({ name }) => join(paths.manifestsDir, manifestFile(name)) === file)?.name;
  if (component === undefined) throw new UsageError(`${file} is no manifest of this control plane`);
  const text = await host.readText(file);
  const { pod } = decodePod(text ?? '', file);
  const known = await new LastGoodStore(host, paths.lastGoodDir, silentLog).all();
  const former = known.find((good) => good.file === file)?.text;
  if (text === undefined || pod === undefined || former === undefined || former === text) return undefined;
  return { component, file, text, pod, former };
}

/** With the owner and mode that somebody may have given it. */
async function putBack(host: Host, { file, former }: Edit): Promise<void> {
  const { mode = 0o600, uid, gid } = (await host.stat(file)) ?? {};
  await host.writeFile(file, former, { mode, ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) });
}

/** In one line, with what tells most: the first finding, or the program's own words. */
function reasonOf(thrown: unknown): string {
  const first = listOf<Finding>(thrown, 'findings').map(renderFinding)[0];
  const words = listOf<string>(thrown, 'details');
  const own = words.findLast((line) => /error|fail|refus|denied|invalid|unknown/i.test(line)) ?? words.at(-1);
  const more = first ?? own;
  const said = more === undefined ? messageOf(thrown) : `${messageOf(thrown)}: ${more}`;
  return said
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim();
}

function listOf<T>(thrown: unknown, name: 'findings' | 'details'): readonly T[] {
  const list: unknown = thrown instanceof BootstrapError ? Reflect.get(thrown, name) : undefined;
  return Array.isArray(list) ? list : [];
}
