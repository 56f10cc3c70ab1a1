import type { Report } from '../base/report.ts';
import type { KeySource } from '../pki/keys.ts';
import { cniPhase, refuseNetworkMistakes } from './cni.ts';
import type { InitContext } from './context.ts';
import { fillCluster } from './fill-cluster.ts';
import { initPhases } from './init.ts';
import { OrderedReports } from './ordered-report.ts';
import type { PkiPlan } from './pki.ts';
import { keysAhead, planPki, startPki } from './pki.ts';
import { refuseErrors } from './refuse.ts';
import type { Walk } from './run.ts';
import { findPhase, firstFailure, runAlone, runPhases } from './run.ts';
import { refuseMistakes } from './standing-phase.ts';
import { awaitAgent, beginAgent } from './start-agent.ts';
import { renderFor } from './write-manifests.ts';

/**
 * The whole init workflow. Is nothing left out? Then what does not depend on each other runs at the same time: keys are
 * made during preflight, the agent starts meanwhile, and each component as soon as its own files are there. It is shown,
 * and fails, as if run phase by phase; and whatever can be refused is refused before anything is touched.
 */
export async function runInit(context: InitContext, walk: Walk): Promise<void> {
  if ((walk.skipPhases ?? []).length > 0) return runPhases(initPhases, context, walk);
  const planned = planPki(context).then((plan) => ({ plan, keys: keysAhead(context, plan) }));
  const warnings: string[] = [];
  const rendered = renderFor({ ...context, report: { ...silent, warn: (message) => warnings.push(message) } });
  const preparing = [
    planned,
    rendered,
    refuseMistakes(context),
    refuseNetworkMistakes(context),
    runPhases([findPhase(initPhases, ['preflight'])], context, walk),
  ];
  await firstFailure(preparing.toReversed());
  const { plan, keys } = await planned;
  for (const warning of warnings) context.report.warn(warning);
  refuseErrors(plan.findings, context.report, 'the certificates and kubeconfigs');
  walk.signal.throwIfAborted();
  await runTogether({ ...context, manifests: await rendered }, walk, { plan, keys });
}

/** What is decided ahead is said by the phase that does it. */
const silent: Report = { item() {}, info() {}, warn() {}, file() {}, waiting() {} };

async function runTogether(
  context: InitContext,
  walk: Walk,
  { plan, keys }: { readonly plan: PkiPlan; readonly keys: KeySource },
): Promise<void> {
  const names = initPhases.map(({ name }) => name).slice(1);
  const reports = new OrderedReports(names, context.report, walk.workflow);
  const as = (name: string): InitContext => ({ ...context, report: reports.of(name) });
  const timed = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    const startedMs = walk.clock.now();
    await work();
    reports.ended(name, { durationMs: walk.clock.now() - startedMs });
  };
  const phase = (name: string, ...sub: readonly string[]) => runAlone(initPhases, as(name), [name, ...sub]);
  const network = async () => {
    const skipped = cniPhase.skip?.(context);
    if (skipped !== undefined) return reports.ended('cni', { durationMs: 0, skipped });
    await timed('cni', () => phase('cni'));
  };
  const begun = beginAgent(as('start-agent'));
  const pki = startPki(as('certs'), plan, { kubeconfigContext: as('kubeconfig'), keys });
  const work = [
    timed('certs', () => pki.certificates),
    timed('kubeconfig', () => pki.done),
    timed('etcd', () => pki.etcdStart.then(() => phase('etcd'))),
    timed('control-plane', async () => {
      await pki.certificates;
      await phase('control-plane', 'apiserver');
      await pki.done;
      await phase('control-plane', 'controller-manager');
      await phase('control-plane', 'scheduler');
    }),
    network(),
    begun,
  ];
  try {
    // What was begun is finished before anybody is told that it failed.
    await firstFailure(work);
    await timed('start-agent', () => awaitAgent(as('start-agent')));
    await fillCluster({ context, as, timed, skipped: reports.ended.bind(reports) });
  } finally {
    reports.flush();
  }
}
