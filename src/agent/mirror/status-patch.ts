import type { PodCondition, PodStatus } from '../../kube/types.ts';

/** What a mirror pod's status says of the pod: all but the class of quality, which the API server decides at creation. */
export type MirrorStatus = Omit<PodStatus, 'qosClass'>;

export function mirrorStatus({ qosClass: _server, ...status }: PodStatus): MirrorStatus {
  return status;
}

/**
 * The strategic merge patch that makes the status of the pod of this UID say that, and leaves conditions of others. What
 * is not said any more is null; addresses are replaced as a whole, since a merge would keep the old ones.
 */
export function statusPatch(uid: string, status: MirrorStatus): unknown {
  const { phase, conditions, containerStatuses } = status;
  return {
    metadata: { uid },
    status: {
      phase,
      reason: status.reason ?? null,
      message: status.message ?? null,
      conditions: conditions.map(wholeCondition),
      hostIP: status.hostIP ?? null,
      hostIPs: replaced(status.hostIPs),
      podIP: status.podIP ?? null,
      podIPs: replaced(status.podIPs),
      startTime: status.startTime ?? null,
      initContainerStatuses: status.initContainerStatuses ?? null,
      containerStatuses,
    },
  };
}

function wholeCondition(condition: PodCondition) {
  return { ...condition, reason: condition.reason ?? null, message: condition.message ?? null };
}

function replaced(addresses: readonly { readonly ip: string }[] | undefined): readonly unknown[] {
  return [...(addresses ?? []), { $patch: 'replace' }];
}
