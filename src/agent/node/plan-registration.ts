import { humanDuration } from '../../base/duration.ts';
import type { Node } from '../../kube/node-types.ts';
import type { MachineFacts } from './machine-facts.ts';
import { missingMetadata, type NodeFacts } from './node-object.ts';

/** What is to be done about the Node of our name. `wait`: not ours, look again. */
export type RegistrationPlan =
  | { readonly do: 'create' | 'keep' | 'leave'; readonly because: string }
  | { readonly do: 'patch'; readonly because: string; readonly change: unknown }
  | { readonly do: 'wait'; readonly because: string };

/** A Lease that nobody has renewed for this long belongs to a machine that is gone (nodeLeaseDurationSeconds). */
const leaseHoldsMs = 40_000;

/**
 * The Node of this name may be that of another machine: while that one renews its Lease, ours stays away; once it has
 * been silent for `leaseHoldsMs`, watched by ourselves whatever clocks say, the name is taken over.
 */
export function planRegistration(input: {
  readonly existing: Node | undefined;
  readonly facts: Pick<NodeFacts, 'name' | 'labels' | 'machine'>;
  readonly registerNode: boolean;
  /** For how long the Lease has not been renewed while we watched. */
  readonly silentMs: number;
}): RegistrationPlan {
  const { existing, facts, registerNode, silentMs } = input;
  if (existing === undefined) {
    if (registerNode) return { do: 'create', because: 'there is none' };
    return { do: 'wait', because: `there is no Node ${facts.name}, and --register-node is false: make it by hand` };
  }
  if (existing.metadata.deletionTimestamp !== undefined) {
    return { do: 'wait', because: `the Node ${facts.name} is being deleted` };
  }
  if (isOtherMachine(existing, facts.machine) && silentMs < leaseHoldsMs) {
    return { do: 'wait', because: takenText(existing) };
  }
  const change = registerNode ? missingMetadata(existing, facts) : undefined;
  if (change !== undefined) return { do: 'patch', because: 'labels of the kubelet are missing', change };
  return { do: 'keep', because: 'it is there' };
}

/** Whether the status of a Node was written by another machine; machines that do not tell who they are count as ours. */
function isOtherMachine({ status }: Node, own: Pick<MachineFacts, 'machineID' | 'systemUUID'>): boolean {
  const { machineID = '', systemUUID = '' } = status?.nodeInfo ?? {};
  const differ = (theirs: string, ours: string) => theirs !== '' && ours !== '' && theirs !== ours;
  return differ(machineID, own.machineID) || differ(systemUUID.toLowerCase(), own.systemUUID.toLowerCase());
}

function takenText({ metadata, status }: Node): string {
  const addresses = (status?.addresses ?? []).filter(({ type }) => type.endsWith('IP'));
  const where = addresses.length === 0 ? '' : ` at ${addresses.map(({ address }) => address).join(', ')}`;
  const machine = status?.nodeInfo?.machineID ?? '';
  return (
    `the node name ${metadata.name} is taken by another machine${where} (machine ID ${machine || 'unknown'}): give this ` +
    `one another name (--hostname-override, nodeRegistration.name); if that machine is gone, its name is taken over ` +
    `once its Lease has not been renewed for ${humanDuration(leaseHoldsMs)}`
  );
}
