import type { ProcessIdentity } from '../../host/host.ts';
import { isObject } from '../../kube/decode-fields.ts';

/** A rollout lets one instance of a pod run on beside the one that is desired. Ends with its holder, or when its time is up. */
export type Claim = {
  /** The manifest file of the pod. */
  readonly file: string;
  /** UID of the instance that is left alone: what was desired when the claim was made. */
  readonly uid: string;
  readonly holder: ProcessIdentity;
  readonly untilMs: number;
};

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
  const { file, uid, holder, untilMs } = value;
  const isHolder = typeof holder.pid === 'number' && typeof holder.startTicks === 'string';
  return typeof file === 'string' && typeof uid === 'string' && typeof untilMs === 'number' && isHolder;
}
