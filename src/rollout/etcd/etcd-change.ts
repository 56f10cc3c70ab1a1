import { join } from 'node:path';
import { messageOf, OperationError, PreflightError } from '../../base/errors.ts';
import { saveSnapshot, verifySnapshot } from '../../etcd/snapshot.ts';
import { pruneSnapshots, snapshotName } from '../../etcd/snapshot-files.ts';
import type { RolloutContext } from '../apply/context.ts';
import { revisionNumbers } from '../revisions/revisions.ts';
import type { RolloutPlan } from '../types.ts';
import { etcdFlags, openEtcd } from './etcd-access.ts';
import { planSnapshot, type SnapshotReason } from './plan-snapshot.ts';

type EtcdContext = Pick<RolloutContext, 'host' | 'config' | 'paths' | 'clock' | 'signal' | 'report' | 'rendered'>;

/**
 * Before anything is swapped: a consistent, verified snapshot where the plan changes etcd, a version or the encryption.
 * `revision` is the one that is being made. Refuses (exit 2) when etcd answers and the snapshot fails all the same; an
 * etcd that does not answer is what a change may be there to repair, unless the change is to another version of it.
 */
export async function beforeEtcdChange(
  context: EtcdContext,
  plan: RolloutPlan,
  revision: number,
): Promise<{ readonly snapshot?: string }> {
  const apiServer = context.rendered.find(({ component }) => component === 'kube-apiserver');
  const reason = planSnapshot(plan, apiServer?.pod);
  if (reason === undefined) return {};
  const flags = await etcdFlags(context.host, context.paths);
  if (flags === undefined) {
    if (context.config.cluster.etcd.external === undefined) return {};
    context.report.info(`no snapshot is taken, etcd is external (one is due because ${reason.because})`);
    return {};
  }
  const client = await openEtcd(context, flags).catch((thrown: unknown) => withoutSnapshot(context, reason, thrown));
  const answers = await client?.call('maintenance/status').catch((thrown) => withoutSnapshot(context, reason, thrown));
  if (client === undefined || answers === undefined) return {};
  const directory = context.paths.snapshotsDir;
  const snapshot = join(directory, snapshotName(revision, context.clock.now()));
  try {
    await context.host.makeDirectory(directory, { mode: 0o700 });
    await prune(context, revision);
    await saveSnapshot(context.host, client, snapshot);
    const { bytes } = await verifySnapshot(context.host, snapshot);
    context.report.item({
      item: 'etcd snapshot',
      action: 'save',
      because: `${reason.because} (${(bytes / 2 ** 20).toFixed(1)} MiB in ${snapshot})`,
    });
  } catch (thrown) {
    throw refusal(thrown);
  }
  return { snapshot };
}

/** Says why none is taken, where that is no reason to stop. */
function withoutSnapshot({ report }: EtcdContext, reason: SnapshotReason, thrown: unknown): undefined {
  if (reason.needed) throw refusal(thrown);
  report.warn(`no snapshot of etcd is taken: ${messageOf(thrown)}`);
  return undefined;
}

function refusal(thrown: unknown): PreflightError {
  const hint = thrown instanceof OperationError ? thrown.hint : undefined;
  return new PreflightError('no snapshot of etcd could be taken; nothing was changed', {
    cause: thrown,
    ...(hint !== undefined && { hint }),
  });
}

/** Before the new one is written, so that a disk that is nearly full has room for it. */
async function prune({ host, paths, config }: EtcdContext, revision: number): Promise<void> {
  const revisions = await revisionNumbers(host, paths.revisionsDir);
  const keep = config.bootstrap.rollout.keepRevisions - 1;
  await pruneSnapshots(host, paths.snapshotsDir, { keep, revisions: [...revisions, revision] });
}
