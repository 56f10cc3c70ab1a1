import type { InitContext } from './context.ts';
import { initPhases } from './init.ts';
import { OrderedReports } from './ordered-report.ts';
import { planPki, startPki } from './pki.ts';
import { refuseErrors } from './refuse.ts';
import type { Walk } from './run.ts';
import { findPhase, runPhases } from './run.ts';
import { awaitAgent, beginAgent } from './start-agent.ts';

/**
 * The whole init workflow. Nothing is left out? Then what does not depend on each other runs at the same time: the agent
 * starts and other keys are made while etcd comes up. It is shown, and fails, as if run phase by phase.
 */
export async function runInit(context: InitContext, walk: Walk): Promise<void> {
  if ((walk.skipPhases ?? []).length > 0) return runPhases(initPhases, context, walk);
  await runPhases([findPhase(initPhases, ['preflight'])], context, walk);
  const plan = await planPki(context);
  refuseErrors(plan.findings, context.report, 'the certificates and kubeconfigs');
  walk.signal.throwIfAborted();
  await runTogether(context, walk, plan);
}

async function runTogether(context: InitContext, walk: Walk, plan: Awaited<ReturnType<typeof planPki>>): Promise<void> {
  const names = initPhases.map(({ name }) => name).slice(1);
  const reports = new OrderedReports(names, context.report, walk.workflow);
  const as = (name: string): InitContext => ({ ...context, report: reports.of(name) });
  const timed = async (name: string, work: () => Promise<void>): Promise<void> => {
    const startedMs = walk.clock.now();
    await work();
    reports.ended(name, { durationMs: walk.clock.now() - startedMs });
  };
  const phase = (name: string) => timed(name, () => runAlone(as(name), name));
  const begun = beginAgent(as('start-agent'));
  const pki = startPki(as('certs'), plan, as('kubeconfig'));
  const certificates = Promise.all([timed('certs', () => pki.done), timed('kubeconfig', () => pki.done)]);
  const work = [
    certificates,
    pki.etcdStart.then(() => phase('etcd')),
    certificates.then(() => phase('control-plane')),
    begun,
  ];
  try {
    await Promise.all(work);
    await timed('start-agent', () => awaitAgent(as('start-agent')));
    await phase('wait-control-plane');
  } finally {
    // What was begun is finished before anybody is told that it failed.
    await Promise.allSettled(work);
    reports.flush();
  }
}

/** The phase without its heading: its report is one of several that go on at the same time. */
function runAlone(context: InitContext, name: string): Promise<void> {
  const quiet = { phaseStarted: () => {}, phaseEnded: () => {} };
  return runPhases([findPhase(initPhases, [name])], context, { clock: context.clock, signal: context.signal, workflow: quiet });
}
