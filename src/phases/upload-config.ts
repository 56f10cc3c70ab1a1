import { openCluster } from './cluster-client.ts';
import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';
import { applyStanding, standingPhase } from './standing-phase.ts';

/** Puts the configuration into the cluster, for those who join it. */
export const uploadConfigPhase: Phase<InitContext> = {
  name: 'upload-config',
  summary: 'put the configuration of cluster and kubelets into ConfigMaps',
  run: async (context) =>
    applyStanding(context, await openCluster(context), ['upload-config/kubeadm', 'upload-config/kubelet']),
  phases: [
    standingPhase('upload-config/kubeadm', 'only the ClusterConfiguration'),
    standingPhase('upload-config/kubelet', 'only the KubeletConfiguration'),
  ],
};
