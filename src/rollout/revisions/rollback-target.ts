import { PreflightError, UsageError } from '../../base/errors.ts';
import { currentRevision, type Revision } from './revision.ts';

/**
 * The revision to go back to: `to`, else the last good one before the current. Throws UsageError for a number that is not
 * there, PreflightError for one that is nothing to go back to.
 */
export function chooseTarget(revisions: readonly Revision[], to?: number): Revision {
  const current = currentRevision(revisions);
  const hint = 'bootstrap history shows them all';
  if (to === undefined) {
    const before = revisions.findLast(({ number, result }) => result === 'good' && number < (current?.number ?? 0));
    if (before !== undefined) return before;
    throw new PreflightError('there is no good revision before the current one to go back to', { hint });
  }
  const target = revisions.find(({ number }) => number === to);
  if (target === undefined) throw new UsageError(absence(revisions, to), { hint });
  if (target.number === current?.number && target.result === 'good') {
    throw new PreflightError(`revision ${to} is what the control plane is now`, {
      hint: 'bootstrap apply puts right what was changed by hand since',
    });
  }
  if (target.result !== 'good') {
    const how =
      target.result === 'rolled-back' ? 'was undone' : target.result === 'failed' ? 'failed' : 'was not finished';
    throw new PreflightError(`revision ${to} ${how}: it never was a healthy control plane`, { hint });
  }
  return target;
}

function absence(revisions: readonly Revision[], to: number): string {
  const there = revisions.map(({ number }) => number).join(', ');
  const last = revisions.at(-1)?.number ?? 0;
  if (to < last) return `revision ${to} is not kept any more (rollout.keepRevisions); there are ${there}`;
  return `there is no revision ${to}; there are ${there}`;
}
