import { OperationError } from '../../base/errors.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { gatherRevision } from '../revisions/gather-revision.ts';
import type { FileHashes } from '../revisions/revision.ts';
import { endRevision, noteFiles, pruneRevisions } from '../revisions/revisions.ts';
import type { RolloutResult } from './apply-rollout.ts';
import type { RolloutRun } from './run.ts';

/**
 * Notes in the revision, still unfinished, what its files are now: whoever recovers has only to call it good. Before the
 * journal says `commit`.
 */
export async function noteResult(run: RolloutRun): Promise<void> {
  const { context, revision } = run;
  const { host, paths, config } = context;
  const { certificates, files } = await gatherRevision(host, { config, paths, manifests: revision.manifests });
  await noteFiles(host, paths.revisionsDir, {
    number: revision.number,
    certificates,
    files: { ...files, ...untouched(run) },
  });
}

/**
 * The change is good: what the control plane is now is kept as the last good revision. The journal says `commit` already;
 * throws OperationError when the disk does not take it, and whoever recovers then goes on here.
 */
export async function commit(run: RolloutRun): Promise<RolloutResult> {
  try {
    return await keep(run);
  } catch (thrown) {
    throw new OperationError(`every component is healthy, but revision ${run.revision.number} could not be ended`, {
      cause: thrown,
      hint: 'correct the cause; the agent, or the next init or apply, ends it',
    });
  }
}

async function keep(run: RolloutRun): Promise<RolloutResult> {
  const { context, timer, revision, work } = run;
  const { host, paths, clock, config } = context;
  await timer.step({ step: 'commit', detail: `revision ${revision.number} is good` }, async () => {
    await endRevision(host, paths.revisionsDir, {
      number: revision.number,
      result: 'good',
      finishedAt: new Date(clock.now()).toISOString(),
      timings: { ...timer.timings, total: clock.now() - context.invocation.startedMs },
    });
    await pruneRevisions(host, paths.revisionsDir, config.bootstrap.rollout.keepRevisions);
  });
  return {
    result: 'good',
    revision: revision.number,
    changes: revision.changes,
    restarted: restartedBy(run),
    left: work.left,
    timings: timer.timings,
  };
}

/** What `--component` left has not taken up its changed files. */
function untouched(run: RolloutRun): FileHashes {
  const { revision, work } = run;
  const restarted = restartedBy(run);
  const left = (Object.keys(revision.files) as (ComponentName | 'none')[]).filter(
    (name) => name !== 'none' && work.left.includes(name) && !restarted.includes(name),
  );
  return Object.fromEntries(left.map((name) => [name, revision.files[name]]));
}

function restartedBy({ work }: RolloutRun): readonly ComponentName[] {
  return work.components.filter(({ restart }) => restart).map(({ component }) => component);
}
