import { shortHash } from '../../base/hash.ts';
import type { AgentPod } from '../../kube/agent-socket.ts';
import type { Labels, Pod } from '../../kube/types.ts';
import { annotations } from '../../runtime/labels.ts';
import type { SeenPod } from '../status/agent-status.ts';
import type { FoundPod } from './found-pod.ts';
import { hashOf, type MirrorBody, type MirrorOwner, mirrorBody } from './mirror-body.ts';
import { type MirrorStatus, mirrorStatus } from './status-patch.ts';

/** What was last written of a mirror pod, to tell whether it still says that. */
export type Written = {
  readonly uid: string;
  /** Hash of the status that was sent, and of what the API server made of it. */
  readonly sent?: string;
  readonly stored?: string;
  /** The API server does not take the status that the pod has by now. */
  readonly isUnfit?: boolean;
  /** Labels and annotations as the API server stored them at creation: it may not take all of them as they are. */
  readonly labels?: Labels;
  readonly annotations?: Labels;
};

export type MirrorFacts = {
  readonly seen: SeenPod;
  readonly found: FoundPod | undefined;
  readonly written: Written | undefined;
  /** The own Node; undefined while it is not registered, and while it is being deleted. */
  readonly owner: MirrorOwner | undefined;
  /** Whether the agent knows what is there: before, a pod that it has not seen may run all the same. */
  readonly isSettled: boolean;
};

export type MirrorAction =
  | { readonly do: 'create'; readonly body: MirrorBody; readonly hash: string; readonly because: string }
  | { readonly do: 'delete'; readonly uid: string; readonly because: string }
  | { readonly do: 'set-status'; readonly uid: string; readonly status: MirrorStatus; readonly because: string };

/** One thing to do, after which to plan again; `isStranger`: a pod that is none of ours; `conflict`: it has our name. */
export type MirrorPlan = {
  readonly action?: MirrorAction;
  readonly isStranger?: boolean;
  readonly conflict?: string;
  readonly waiting?: string;
};

/** What is to be done so that the API shows a static pod as it is. Pure. */
export function planMirror(facts: MirrorFacts): MirrorPlan {
  const { seen, found, isSettled } = facts;
  if (found !== undefined && !isSettled) return { waiting: 'the agent has not looked at all its pods yet' };
  if (found !== undefined && found.mirrorOf === undefined) return planStranger(found, seen);
  const { pod } = seen;
  if (pod === undefined) {
    if (found === undefined) return {};
    return { action: { do: 'delete', uid: found.uid, because: 'there is no such static pod' } };
  }
  // One that is being stopped keeps the mirror pod that it has.
  if (pod.file === undefined) return found === undefined || found.isDeleting ? {} : planStatus(facts, found, pod);
  return planDesired(facts, pod);
}

function planDesired(facts: MirrorFacts, desired: AgentPod): MirrorPlan {
  const { found, owner, seen } = facts;
  const hash = hashOf(desired.pod);
  if (found === undefined) {
    if (owner === undefined) return { waiting: 'the node is not registered' };
    return { action: { do: 'create', hash, body: mirrorBody(desired.pod, hash, owner), because: 'it has none' } };
  }
  const gone = (because: string): MirrorPlan => ({ action: { do: 'delete', uid: found.uid, because } });
  if (found.isDeleting) return gone('somebody deletes it, and the static pod is there');
  if (found.mirrorOf !== hash) {
    if (seen.older !== undefined) return planStatus(facts, found, seen.older);
    return gone('it is of an older form of the static pod');
  }
  if (owner !== undefined && found.ownerUid !== owner.uid) return gone('the node is another one than it belongs to');
  const own = facts.written?.uid === found.uid ? facts.written : undefined;
  const edited = editOf(desired.pod, found, own);
  if (edited !== undefined) return gone(edited);
  return own?.isUnfit === true ? gone('it cannot have the status of the pod') : planStatus(facts, found, desired);
}

/** A pod that somebody has bound to this node. Deleted, it is let go: nobody else confirms that nothing of it runs. */
function planStranger(found: FoundPod, { pod }: SeenPod): MirrorPlan {
  if (found.isDeleting) {
    return { action: { do: 'delete', uid: found.uid, because: 'it is deleted, and nothing of it runs here' } };
  }
  const conflict = 'the API has another pod of this name on this node, which is no mirror pod';
  return { isStranger: true, ...(pod?.file === undefined ? {} : { conflict }) };
}

function planStatus({ written }: MirrorFacts, found: FoundPod, { pod }: AgentPod): MirrorPlan {
  if (pod.status === undefined) return {};
  const status = mirrorStatus(pod.status);
  const own = written?.uid === found.uid ? written : undefined;
  const action = { do: 'set-status', uid: found.uid, status } as const;
  if (own?.sent !== shortHash(status)) return { action: { ...action, because: 'the pod has changed' } };
  if (own.stored === found.statusHash) return {};
  return { action: { ...action, because: restores } };
}

/** The reason of an action that undoes what somebody else wrote. */
export const restores = 'somebody else has changed its status';

/** Only what the manifest says itself: what admission or controllers put beside it is left alone. */
function editOf({ metadata }: Pod, found: FoundPod, own: Written | undefined): string | undefined {
  if (found.generation > 1) return 'its spec was edited';
  const label = changedKey(metadata.labels, own?.labels, found.labels);
  if (label !== undefined) return `its label ${label} was edited`;
  const { [annotations.configSeen]: _seen, [annotations.configSource]: _source, ...rest } = metadata.annotations ?? {};
  const annotation = changedKey(rest, own?.annotations, found.annotations);
  return annotation === undefined ? undefined : `its annotation ${annotation} was edited`;
}

function changedKey(wanted: Labels = {}, created: Labels | undefined, now: Labels): string | undefined {
  return Object.keys(wanted).find((key) => now[key] !== (created ?? wanted)[key]);
}
