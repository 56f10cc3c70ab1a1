import type { ComponentName } from '../../manifests/component.ts';
import type { RenderedManifest } from '../../manifests/render.ts';
import type { Reissue } from '../plan/plan-pki.ts';
import type { ComponentPlan, RolloutPlan } from '../types.ts';

/** What is done to one component. */
export type ComponentWork = {
  readonly component: ComponentName;
  readonly manifest: RenderedManifest;
  /** What its manifest says before the change. */
  readonly onDisk: string | undefined;
  /** Its manifest's text changes. */
  readonly write: boolean;
  /** A new instance takes over; else only the file is put right, or it takes up files by itself. */
  readonly restart: boolean;
  readonly because: string;
  readonly plan: ComponentPlan;
};

export type RolloutWork = {
  /** In the order in which they are rolled. */
  readonly components: readonly ComponentWork[];
  readonly reissue: readonly Reissue[];
  /** What `--component` leaves for another time. */
  readonly left: readonly string[];
};

export type WorkFacts = {
  readonly rendered: readonly RenderedManifest[];
  /** The text in each manifest's file, by path. */
  readonly onDisk: ReadonlyMap<string, string | undefined>;
  /** `--component` */
  readonly only?: ComponentName | undefined;
};

/** What of a plan is carried out, and in which way. */
export function planWork(plan: RolloutPlan, { rendered, onDisk, only }: WorkFacts): RolloutWork {
  const busy = plan.components.filter(({ changes, restart }) => restart || changes.length > 0);
  const components = busy.flatMap((item): readonly ComponentWork[] => {
    const manifest = rendered.find(({ component }) => component === item.component);
    if (manifest === undefined || (only !== undefined && only !== item.component)) return [];
    const { component, restart, because } = item;
    const text = onDisk.get(manifest.file);
    return [{ component, manifest, restart, because, plan: item, onDisk: text, write: text !== manifest.text }];
  });
  if (only === undefined) return { components, reissue: plan.reissue, left: [] };
  const read = new Set(components.flatMap((item) => item.plan.changes.map(({ name }) => name)));
  const reissue = plan.reissue.filter(({ file }) => read.has(file));
  const waiting = plan.reissue.filter((item) => !reissue.includes(item)).map(({ file }) => file);
  const others = busy.map(({ component }) => component).filter((component) => component !== only);
  const objects = plan.objects.length === 0 ? [] : ['the objects in the cluster'];
  return { components, reissue, left: [...others, ...waiting, ...objects] };
}
