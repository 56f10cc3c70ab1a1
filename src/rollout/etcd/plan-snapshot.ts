import type { Pod } from '../../kube/types.ts';
import { commandOf, flagValue } from '../../manifests/command-line.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { RolloutPlan } from '../types.ts';

/** `needed`: without a snapshot the change is refused, since etcd itself may write what its old version cannot read. */
export type SnapshotReason = { readonly because: string; readonly needed: boolean };

/**
 * Whether a snapshot of etcd comes first, and why: etcd restarts, a version changes, or how objects are encrypted.
 * `apiServer` is the new one.
 */
export function planSnapshot(
  { components }: Pick<RolloutPlan, 'components'>,
  apiServer: Pod | undefined,
): SnapshotReason | undefined {
  const changesOf = (name: string) => components.find(({ component }) => component === name)?.changes ?? [];
  const [etcd, server] = [changesOf('etcd'), changesOf('kube-apiserver')];
  const isImage = ({ what }: { readonly what: string }) => what === 'image';
  if (etcd.some(isImage)) return { because: 'etcd changes its version', needed: true };
  if (components.some(({ component, restart }) => component === 'etcd' && restart)) {
    return { because: 'etcd restarts', needed: false };
  }
  if (server.some(isImage)) return { because: 'kube-apiserver changes its version', needed: false };
  const file = apiServer && flagValue(commandOf(apiServer), '--encryption-provider-config');
  const encrypts = (name: string) => name.startsWith('--encryption-provider-config') || name === file;
  return server.some(({ name }) => encrypts(name))
    ? { because: 'the encryption of stored objects changes', needed: false }
    : undefined;
}

/** The same as a plan says it; of an etcd that is ours. */
export function snapshotNotes(
  plan: Pick<RolloutPlan, 'components'>,
  rendered: ReadonlyMap<ComponentName, { readonly pod: Pod }>,
): readonly string[] {
  const reason = planSnapshot(plan, rendered.get('kube-apiserver')?.pod);
  if (reason === undefined || !rendered.has('etcd')) return [];
  return [`a snapshot of etcd is taken first, because ${reason.because}`];
}
