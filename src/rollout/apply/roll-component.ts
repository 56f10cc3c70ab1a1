import type { ComponentName } from '../../manifests/component.ts';
import type { ComponentSwap } from './context.ts';
import { gate } from './gate.ts';
import { keepHandEdit } from './keep-hand-edit.ts';
import type { ComponentWork } from './plan-work.ts';
import type { RolloutRun } from './run.ts';
import { settle } from './settle.ts';
import { putManifest, type Swapped, surelyLook } from './swap.ts';

/** Carries out what is planned for one component; throws `ComponentFailure` when it does not become or stay healthy. */
export async function rollComponent(run: RolloutRun, work: ComponentWork): Promise<void> {
  const { component } = work;
  run.touched.push(component);
  if (!work.restart) return putRight(run, work);
  const swap = swapOf(run, work);
  await changeOver(run, work, swap);
  if (component === 'etcd') await run.parts.afterEtcdChange?.(run.context);
  // An API server that has lost its etcd until its own turn need not wait for this one to settle.
  if (component === 'etcd' && followsEtcd(run)) return;
  await settleDown(run, component);
}

/** What runs is right, or takes up its files by itself: nothing is waited for. */
async function putRight(run: RolloutRun, work: ComponentWork): Promise<void> {
  const { context, journal, timer } = run;
  const { component, manifest, write } = work;
  if (!write) return;
  await keepHandEdit(context, editedSince(run, work));
  await journal.step('swap', { component });
  await timer.step({ step: 'swap', component, detail: 'only the file is put right' }, async () => {
    await context.host.writeFile(manifest.file, manifest.text, { mode: 0o600 });
    await surelyLook(context);
  });
}

/** The manifest, as the plan knew it and as it becomes. */
function editedSince({ revision }: RolloutRun, { manifest: { file, text }, onDisk }: ComponentWork) {
  return { revision: revision.number, file, known: [onDisk, text] };
}

async function changeOver(run: RolloutRun, work: ComponentWork, swap: ComponentSwap): Promise<void> {
  const { context, parts } = run;
  const way = work.plan.changeOver?.way ?? 'recreate';
  if (work.component === 'kube-apiserver' && way !== 'recreate' && parts.rollApiServer !== undefined) {
    return parts.rollApiServer(context, swap);
  }
  await swapInstance(run, swap);
  await swap.gate();
}

/** The swap itself, forward or back: etcd's is short, the Lease of a component that leads is freed with its old instance. */
export async function swapInstance({ context, parts }: RolloutRun, swap: ComponentSwap): Promise<void> {
  const leads = swap.component === 'kube-controller-manager' || swap.component === 'kube-scheduler';
  if (leads && parts.swapLeader !== undefined) return parts.swapLeader(context, swap);
  if (swap.component === 'etcd' && parts.swapEtcd !== undefined) return parts.swapEtcd(context, swap);
  await swap.swap();
}

/** The change of one component in two steps, each written down before it begins. */
function swapOf(run: RolloutRun, work: ComponentWork): ComponentSwap {
  const { context, journal, timer, before } = run;
  const { component, manifest } = work;
  let swapped: Swapped | undefined;
  return {
    component,
    manifest,
    swap: async () => {
      if (work.write) await keepHandEdit(context, editedSince(run, work));
      await journal.step('swap', { component });
      await timer.step({ step: 'swap', component, detail: work.because }, async () => {
        swapped = await putManifest(context, {
          component,
          file: manifest.file,
          ...(work.write && { text: manifest.text }),
          to: run.move?.to,
        });
      });
    },
    gate: async ({ server } = {}) => {
      if (swapped === undefined) throw new Error(`${component} was not swapped`);
      const input = { component, ...swapped, ...(server !== undefined && { server }) };
      const timeoutMs = context.config.bootstrap.rollout.healthTimeoutMs;
      await journal.step('gate', { component });
      const also = alsoHealthy(run, component);
      await timer.step({ step: 'gate', component }, () =>
        gate(context, { ...input, timeoutMs, writes: before.writes, also, forgiven: forgiven(component) }),
      );
    },
  };
}

/** Those that need nobody else have no excuse; the others end when the API server keeps them waiting. */
function forgiven(component: ComponentName): number {
  return component === 'etcd' || component === 'kube-apiserver' ? 0 : 1;
}

/** A changed etcd is only good when the API server goes on with it; unless that one has to follow it first. */
function alsoHealthy(run: RolloutRun, component: ComponentName): readonly ComponentName[] {
  if (component !== 'etcd' || !run.before.healthy.has('kube-apiserver') || followsEtcd(run)) return [];
  return ['kube-apiserver'];
}

/** Whether the API server is told another way to etcd by the same change. */
function followsEtcd({ work }: RolloutRun): boolean {
  const apiServer = work.components.find(({ component }) => component === 'kube-apiserver');
  return apiServer?.restart === true && apiServer.plan.changes.some(({ name }) => name.startsWith('--etcd-'));
}

async function settleDown({ context, journal, timer }: RolloutRun, component: ComponentName): Promise<void> {
  const { settleMs } = context.config.bootstrap.rollout;
  await journal.step('settle', { component });
  await timer.step({ step: 'settle', component }, () => settle(context, { component, settleMs }));
}
