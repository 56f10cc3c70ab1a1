import { join } from 'node:path';
import type { Paths } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import { componentNames } from '../../health/manifest-files.ts';
import type { AgentStatus } from '../../kube/agent-socket.ts';
import { manifestFile } from '../../manifests/components.ts';
import type { RuntimePlace } from '../../runtime/place.ts';
import type { Change, RuntimeMove } from '../types.ts';

/** A pod that is no component, by its manifest file. */
type OtherPod = { readonly file: string; readonly pod: string };

/**
 * The move to another container runtime that a configuration asks for: by its type alone. `auto` means the one that the
 * plane has, and a plane that nobody knows the runtime of has nothing to move.
 */
export function planMove(input: {
  readonly config: Pick<Config, 'bootstrap'>;
  /** Where the pods are. */
  readonly present: RuntimePlace | undefined;
  /** What the configuration names, with its endpoint. */
  readonly wanted: RuntimePlace;
  readonly others: readonly OtherPod[];
}): RuntimeMove | undefined {
  const { config, present, wanted, others } = input;
  if (config.bootstrap.runtime.type === 'auto' || present === undefined || present.type === wanted.type)
    return undefined;
  return { from: present, to: wanted, pods: others.map(({ pod }) => pod) };
}

/** The pods of the manifest directory that are no components, as the agent shows them. */
export function otherPods(status: AgentStatus | undefined, { manifestsDir }: Pick<Paths, 'manifestsDir'>): OtherPod[] {
  const own = new Set(componentNames.map((name) => join(manifestsDir, manifestFile(name))));
  return (status?.pods ?? []).flatMap(({ file, pod }): OtherPod[] => {
    if (file === undefined || own.has(file)) return [];
    const { namespace, name } = pod.metadata;
    return [{ file, pod: `${namespace}/${name}` }];
  });
}

/** What a move changes of each component. */
export function moveChange({ from, to }: RuntimeMove): Change {
  const because = 'its container moves with it';
  return { what: 'field', name: 'container runtime', from: from.type, to: to.type, because, cause: 'configuration' };
}

/** Why a component restarts. */
export function moveReason({ from, to }: RuntimeMove): string {
  return `it moves from ${from.type} to ${to.type}`;
}

/** What is to be known of a move beside the components. */
export function moveNotes(move: RuntimeMove | undefined): readonly string[] {
  if (move === undefined || move.pods.length === 0) return [];
  const { to, pods } = move;
  return [`these pods move to ${to.type} too, after the components, each away for its own restart: ${pods.join(', ')}`];
}
