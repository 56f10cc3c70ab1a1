import { certsPhase } from './certs.ts';
import type { InitContext } from './context.ts';
import { controlPlanePhase } from './control-plane.ts';
import { etcdPhase } from './etcd.ts';
import { kubeconfigPhase } from './kubeconfig.ts';
import type { Phase } from './phase.ts';
import { preflightPhase } from './preflight.ts';
import { recordRevisionPhase } from './record-revision.ts';
import { startAgentPhase } from './start-agent.ts';
import { waitControlPlanePhase } from './wait-control-plane.ts';

/** The init workflow, in its order. */
export const initPhases: readonly Phase<InitContext>[] = [
  preflightPhase,
  certsPhase,
  kubeconfigPhase,
  claimingData(etcdPhase),
  controlPlanePhase,
  startAgentPhase,
  waitControlPlanePhase,
  recordRevisionPhase,
];

/** An empty data directory that we hand to etcd holds our data from then on, whoever made the directory. */
function claimingData(phase: Phase): Phase<InitContext> {
  const claiming = (run: NonNullable<Phase['run']>) => async (context: InitContext) => {
    await claimData(context);
    await run(context);
  };
  const { run, phases, ...rest } = phase;
  return {
    ...rest,
    ...(run === undefined ? {} : { run: claiming(run) }),
    ...(phases === undefined ? {} : { phases: phases.map(claimingData) }),
  };
}

async function claimData({ host, paths, made, config }: InitContext): Promise<void> {
  if (config.cluster.etcd.local === undefined) return;
  const names = (await host.list(paths.etcdDataDir)) ?? [];
  if (names.some((name) => name !== 'lost+found')) return;
  await made.add([{ path: paths.etcdDataDir, kind: 'contents' }]);
}
