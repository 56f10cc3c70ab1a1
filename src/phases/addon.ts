import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';
import { standingPhase } from './standing-phase.ts';

/** Installs what every cluster needs besides the control plane; their pods are not waited for. */
export const addonPhase: Phase<InitContext> = {
  name: 'addon',
  summary: 'install CoreDNS and kube-proxy',
  phases: [standingPhase('addon/coredns', 'only CoreDNS'), standingPhase('addon/kube-proxy', 'only kube-proxy')],
};
