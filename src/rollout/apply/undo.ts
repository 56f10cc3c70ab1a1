import { messageOf } from '../../base/errors.ts';
import { componentState } from '../../health/component-state.ts';
import { decodePod } from '../../kube/pod.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { RenderedManifest } from '../../manifests/render.ts';
import { holdMoved, moveBack } from '../move/move-back.ts';
import { releasePod } from '../move/places.ts';
import { restoreFiles } from '../revisions/kept-files.ts';
import { type OldFile, readReplaced } from '../revisions/revision-files.ts';
import type { ComponentSwap, RolloutContext } from './context.ts';
import { exitsWithOneMore, gate } from './gate.ts';
import { type Instance, instanceOf, isIn } from './instance.ts';
import { keepHandEdit } from './keep-hand-edit.ts';
import type { ComponentWork } from './plan-work.ts';
import { swapInstance } from './roll-component.ts';
import type { RolloutRun } from './run.ts';
import { putManifest, type Swapped, surelyLook, surelyStatus } from './swap.ts';

export type Undone = {
  /** Components that are not healthy again though they were before, with the reason. */
  readonly problems: readonly string[];
  /** Those that were not healthy before either. */
  readonly unhealthyBefore: readonly ComponentName[];
};

/** Puts everything back as it was, and waits until what ran before is healthy again. Not interrupted by anybody. */
export async function undo(
  run: RolloutRun,
  about: { readonly component?: ComponentName; readonly reason: string },
): Promise<Undone> {
  const { journal, timer, work, before, touched } = run;
  const context: RolloutContext = { ...run.context, signal: new AbortController().signal };
  const calm = { ...run, context };
  // Whatever the journal says by now is undone as well: a disk that does not take this line must not keep us.
  await journal.step('undo', about).catch((thrown: unknown) => context.report.warn(messageOf(thrown)));
  return timer.step(
    { step: 'undo', ...(about.component && { component: about.component }), detail: about.reason },
    async () => {
      // What has moved stays where it is until it is its turn to go back.
      if (run.move !== undefined) await holdMoved(context, run.move);
      const old = (await readReplaced(context.host, context.paths.revisionsDir, run.revision)).toReversed();
      const manifests = new Set(work.components.map(({ manifest }) => manifest.file));
      // What a component reads at its start is there again before it starts.
      await restoreFiles(
        context.host,
        old.filter(({ path }) => !manifests.has(path)),
      );
      if (old.some(({ path }) => path === context.paths.agentConfig)) await context.agent.reload();
      const problems: string[] = [];
      for (const component of [...touched]) {
        const item = work.components.find((one) => one.component === component);
        if (item === undefined) continue;
        const kept = old.filter(({ path }) => path === item.manifest.file);
        const manifest = oldManifest(item, kept);
        const restore = async () => {
          const { file, text } = item.manifest;
          await keepHandEdit(context, { revision: run.revision.number, file, known: [item.onDisk, text] });
          await restoreFiles(context.host, kept);
        };
        await undoOne(calm, item, {
          restore,
          existed: kept.every(({ absent }) => absent !== true),
          manifest,
          failing: component === about.component,
        }).catch((thrown: unknown) => problems.push(messageOf(thrown)));
      }
      await restoreFiles(context.host, old);
      await surelyLook(context);
      if (run.move !== undefined) problems.push(...(await moveBack(context, run.move)));
      return { problems, unhealthyBefore: touched.filter((component) => !before.healthy.has(component)) };
    },
  );
}

type Old = {
  readonly restore: () => Promise<unknown>;
  readonly existed: boolean;
  readonly failing: boolean;
  readonly manifest: RenderedManifest;
};

async function undoOne(run: RolloutRun, item: ComponentWork, old: Old): Promise<void> {
  const { context, parts } = run;
  const { component, manifest } = item;
  const swap = swapBack(run, item, old);
  const overlaps = !old.failing && (item.plan.changeOver?.way ?? 'recreate') !== 'recreate';
  if (component === 'kube-apiserver' && overlaps && parts.rollApiServer !== undefined) {
    return parts.rollApiServer(context, swap);
  }
  await swapInstance(run, swap);
  if (component === 'kube-apiserver') await context.agent.stopOld(manifest.file);
  await swap.gate();
  if (component !== 'etcd') return;
  await parts.afterEtcdChange?.(context).catch((thrown: unknown) => context.report.warn(messageOf(thrown)));
}

/** What runs again; the new one where only its files had changed. */
function oldManifest({ component, manifest }: ComponentWork, [kept]: readonly OldFile[]): RenderedManifest {
  const text = kept?.data === undefined ? undefined : Buffer.from(kept.data).toString();
  const pod = text === undefined ? undefined : decodePod(text, manifest.file).pod;
  return text === undefined || pod === undefined
    ? manifest
    : { component, file: manifest.file, pod, text, warnings: [] };
}

function swapBack(run: RolloutRun, item: ComponentWork, old: Old): ComponentSwap {
  const { context, before } = run;
  const { component } = item;
  const { manifest } = old;
  let swapped: Swapped | undefined;
  return {
    component,
    manifest,
    swap: async () => {
      swapped = await putBack(run, item, old);
    },
    gate: async ({ server } = {}) => {
      if (swapped === undefined || !before.healthy.has(component)) return;
      const timeoutMs = context.config.bootstrap.rollout.healthTimeoutMs;
      const input = { component, ...swapped, timeoutMs, writes: before.writes };
      await gate(context, { ...input, ...(server !== undefined && { server }) });
    },
  };
}

/** The old manifest again. An instance of it that still runs is the old one itself, and right as it is. */
async function putBack(
  { context, before, move }: RolloutRun,
  item: ComponentWork,
  { restore, existed }: Old,
): Promise<Swapped | undefined> {
  const { component, manifest } = item;
  const was = before.instances.get(component);
  await restore();
  await surelyLook(context);
  if (!existed) return undefined;
  const state = componentState(await surelyStatus(context), component);
  if (move !== undefined) {
    await releasePod(context, manifest.file);
    const arrived = (seen: Instance) => isIn(seen, move.from);
    return { accept: (seen) => seen.uid === was?.uid && arrived(seen), exitsBefore: exitsWithOneMore(state), arrived };
  }
  if (instanceOf(state).containerId === was?.containerId || !item.restart || item.write) {
    return { accept: (seen) => seen.uid === was?.uid, exitsBefore: exitsWithOneMore(state) };
  }
  return putManifest(context, { component, file: manifest.file });
}
