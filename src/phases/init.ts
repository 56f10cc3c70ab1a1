import { certsPhase } from './certs.ts';
import type { InitContext } from './context.ts';
import { controlPlanePhase } from './control-plane.ts';
import { etcdPhase } from './etcd.ts';
import { kubeconfigPhase } from './kubeconfig.ts';
import type { Phase } from './phase.ts';
import { preflightPhase } from './preflight.ts';
import { startAgentPhase } from './start-agent.ts';
import { waitControlPlanePhase } from './wait-control-plane.ts';

/** The init workflow, in its order. */
export const initPhases: readonly Phase<InitContext>[] = [
  preflightPhase,
  certsPhase,
  kubeconfigPhase,
  etcdPhase,
  controlPlanePhase,
  startAgentPhase,
  waitControlPlanePhase,
];
