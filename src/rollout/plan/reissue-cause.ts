import { sha256Hex } from '../../base/hash.ts';
import type { Cause } from '../types.ts';
import type { PkiFacts, Reissue } from './plan-pki.ts';

/** Whether what is issued anew was deleted or exchanged since the last good revision, or is only due. */
export function reissueCause({ kind, paths }: Reissue, { files, kubeconfigFiles, lastHashes }: PkiFacts): Cause {
  const states = paths.map((path) => {
    const [last, now] = [lastHashes?.get(path), files.get(path) ?? kubeconfigFiles.get(path)];
    if (last === undefined) return 'known to none';
    if (now === undefined) return 'gone';
    return sha256Hex(now.text) === last ? 'same' : 'other';
  });
  if (states.includes('gone')) return 'file deleted';
  if (!states.includes('other')) return 'certificate due';
  return kind === 'kubeconfig' ? 'hand edit' : 'certificate replaced';
}
