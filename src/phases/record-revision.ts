import { sleep } from '../base/clock.ts';
import { pollHealth } from '../health/health-polls.ts';
import { healthEndpoint, readManifests } from '../health/manifest-files.ts';
import { wantedObjects } from '../rollout/objects/wanted-objects.ts';
import { gatherRevision } from '../rollout/revisions/gather-revision.ts';
import { planRevision } from '../rollout/revisions/plan-revision.ts';
import { currentRevision, type RevisionContent } from '../rollout/revisions/revision.ts';
import { pruneRevisions, readRevisions, writeRevision } from '../rollout/revisions/revisions.ts';
import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';

const healthyWithinMs = 3_000;

/** Keeps what the control plane is now as a revision, when it is healthy and another than the current one says. */
export const recordRevisionPhase: Phase<InitContext> = {
  name: 'record-revision',
  summary: 'keep configuration, manifests and fingerprints as a numbered revision',
  skip: ({ dryRun, config }) => {
    if (dryRun) return 'a dry run makes no control plane to keep';
    return config.init.skipPhases.includes('wait-control-plane') ? 'nobody waits until it is healthy' : undefined;
  },
  run: async (context) => {
    const { report } = context;
    const unhealthy = await findUnhealthy(context);
    if (unhealthy.length > 0) {
      const because = `not healthy: ${unhealthy.join(', ')}`;
      report.item({ item: 'revision', action: 'skip', because });
      return;
    }
    await recordHealthy(context, gatherFor(context));
  },
};

/** What is on the disk, for `recordHealthy`; may be gathered while the components still start. */
export async function gatherFor({ host, config, paths, templatesDirectory }: InitContext): Promise<RevisionContent> {
  const objects = await wantedObjects(host, { config, paths, templatesDirectory });
  return gatherRevision(host, { config, paths, templatesDirectory, objects });
}

/** Keeps a control plane that was just seen healthy. */
export async function recordHealthy(context: InitContext, gathered: Promise<RevisionContent>): Promise<void> {
  const { host, config, paths, clock, report, invocation } = context;
  const [content, revisions] = await Promise.all([gathered, readRevisions(host, paths.revisionsDir)]);
  const current = currentRevision(revisions);
  const plan = planRevision(current, content);
  const item = current === undefined ? 'revision' : `revision ${current.number}`;
  if (plan.do === 'keep') return report.item({ item, action: 'keep', because: plan.because });
  const nowMs = clock.now();
  const startedMs = invocation?.startedMs ?? nowMs;
  const { number } = await writeRevision(host, paths.revisionsDir, {
    ...content,
    files: plan.files,
    result: 'good',
    startedAt: new Date(startedMs).toISOString(),
    finishedAt: new Date(nowMs).toISOString(),
    who: invocation?.author ?? { user: '', host: host.hostname(), command: 'bootstrap init' },
    changes: plan.changes,
    timings: { init: nowMs - startedMs },
  });
  report.item({ item: `revision ${number}`, action: 'create', because: plan.because });
  const pruned = await pruneRevisions(host, paths.revisionsDir, config.bootstrap.rollout.keepRevisions);
  for (const old of pruned) {
    report.item({ item: `revision ${old}`, action: 'remove', because: 'older than rollout.keepRevisions' });
  }
}

/** The components that do not answer soon; all of them when there is no manifest. */
async function findUnhealthy(context: InitContext): Promise<readonly string[]> {
  const endpoints = (await readManifests(context.host, context.paths)).map(healthEndpoint);
  if (endpoints.length === 0) return ['there is no manifest'];
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  const polls = endpoints.map((endpoint) => pollHealth({ ...context, signal }, endpoint));
  const all = Promise.all(polls.map(({ healthy }) => healthy));
  const inTime = sleep(context.clock, healthyWithinMs, signal).catch(() => {});
  try {
    await Promise.race([all, inTime]);
  } finally {
    ended.abort();
  }
  context.signal.throwIfAborted();
  return polls.filter(({ okAtMs }) => okAtMs() === undefined).map(({ endpoint }) => endpoint.component);
}
