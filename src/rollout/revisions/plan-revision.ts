import { components } from '../../manifests/components.ts';
import type { FileHashes, Revision, RevisionContent } from './revision.ts';
import { describeDifferences, diffRevisions, isEmpty } from './revision-differences.ts';

export type RevisionPlan =
  | { readonly do: 'keep'; readonly because: string }
  | {
      readonly do: 'create';
      readonly because: string;
      readonly changes: readonly string[];
      readonly files: FileHashes;
    };

const shownChanges = 3;

/**
 * Whether a healthy control plane is another than the current revision says. A mounted file alone makes no revision: only
 * a component that was started anew has taken it up, so the hashes of the others stay those that they were started with.
 */
export function planRevision(current: Revision | undefined, content: RevisionContent): RevisionPlan {
  if (current === undefined) {
    const because = 'there is none yet';
    return { do: 'create', because, changes: ['the first revision'], files: content.files };
  }
  const files = filesTakenUp(current, content);
  const found = diffRevisions(current, { ...content, files: current.files });
  if (!isEmpty(found)) {
    const changes = describeDifferences(found);
    const more = changes.length - shownChanges;
    const because = `${changes.slice(0, shownChanges).join('; ')}${more > 0 ? `; ${more} more` : ''}`;
    return { do: 'create', because, changes, files };
  }
  if (current.result === 'good') return { do: 'keep', because: `nothing changed since revision ${current.number}` };
  const because = `revision ${current.number} was ${current.result}, and is healthy now`;
  return { do: 'create', because, changes: ['healthy'], files };
}

function filesTakenUp(current: Revision, content: RevisionContent): FileHashes {
  const before = components.flatMap(({ name }) => {
    const files = current.files[name];
    return files === undefined || current.manifests[name] !== content.manifests[name] ? [] : [[name, files] as const];
  });
  return { ...content.files, ...Object.fromEntries(before) };
}
