import type { ProcessIdentity } from '../../host/host.ts';
import { isObject } from '../../kube/decode-fields.ts';

/**
 * A rollout lets one instance of a pod run on beside the one that is desired, or where it is though the agent's pods move
 * to another runtime. Ends with its holder, or when its time is up.
 */
export type Claim = {
  /** The manifest file of the pod. */
  readonly file: string;
  /** UID of the instance that is left alone: what was desired when the claim was made. */
  readonly uid: string;
  readonly holder: ProcessIdentity;
  readonly untilMs: number;
  /** The runtime that the instance stays in (runtime/place.ts); then nothing runs beside it. */
  readonly place?: string;
};

/** The former runtime that the pod stays in for now: one of those that are open. A changed pod stays nowhere. */
export function stayingPlace(
  claim: Claim | undefined,
  { uid }: { readonly uid: string },
  formers: readonly string[] = [],
): string | undefined {
  return claim?.uid === uid && formers.includes(claim.place ?? '') ? claim.place : undefined;
}

/** Claims from their file; empty when that is not one. */
export function decodeClaims(text: string | undefined): readonly Claim[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter(isClaim) : [];
  } catch {
    return [];
  }
}

function isClaim(value: unknown): value is Claim {
  if (!isObject(value) || !isObject(value.holder)) return false;
  const { file, uid, holder, untilMs, place } = value;
  const isHolder = typeof holder.pid === 'number' && typeof holder.startTicks === 'string';
  const isPlace = place === undefined || typeof place === 'string';
  return typeof file === 'string' && typeof uid === 'string' && typeof untilMs === 'number' && isHolder && isPlace;
}
