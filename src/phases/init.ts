import { addonPhase } from './addon.ts';
import { bootstrapTokenPhase } from './bootstrap-token.ts';
import { certsPhase } from './certs.ts';
import { cniPhase } from './cni.ts';
import type { InitContext } from './context.ts';
import { controlPlanePhase } from './control-plane.ts';
import { etcdPhase } from './etcd.ts';
import { kubeconfigPhase } from './kubeconfig.ts';
import { kubeletFinalizePhase } from './kubelet-finalize.ts';
import { markControlPlanePhase } from './mark-control-plane.ts';
import type { Phase } from './phase.ts';
import { preflightPhase } from './preflight.ts';
import { recordRevisionPhase } from './record-revision.ts';
import { showJoinCommandPhase } from './show-join-command.ts';
import { startAgentPhase } from './start-agent.ts';
import { uploadCertsPhase } from './upload-certs.ts';
import { uploadConfigPhase } from './upload-config.ts';
import { waitControlPlanePhase } from './wait-control-plane.ts';

/** What fills the cluster, once its API server lets admin.conf in. */
export const clusterPhases: readonly Phase<InitContext>[] = [
  uploadConfigPhase,
  uploadCertsPhase,
  markControlPlanePhase,
  bootstrapTokenPhase,
  kubeletFinalizePhase,
  addonPhase,
].map(onceItRuns);

/** The init workflow, in its order. */
export const initPhases: readonly Phase<InitContext>[] = [
  preflightPhase,
  certsPhase,
  kubeconfigPhase,
  claimingData(etcdPhase),
  controlPlanePhase,
  cniPhase,
  startAgentPhase,
  onceItRuns(waitControlPlanePhase),
  ...clusterPhases,
  onceItRuns(recordRevisionPhase),
  onceItRuns(showJoinCommandPhase),
];

/** Without our agent somebody else runs the manifests, when he likes: then what takes a running control plane is for later. */
function onceItRuns(phase: Phase<InitContext>): Phase<InitContext> {
  const nobodyRunsIt = ({ config }: InitContext) =>
    config.init.skipPhases.includes('start-agent')
      ? `start-agent is left out; once the manifests run: bootstrap init phase ${phase.name}`
      : undefined;
  return { ...phase, skip: (context) => phase.skip?.(context) ?? nobodyRunsIt(context) };
}

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
