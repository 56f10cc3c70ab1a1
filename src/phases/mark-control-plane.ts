import { retryUntil } from '../base/retry.ts';
import { type MarkedNode, planNodeMark, taintText } from '../cluster/node-mark.ts';
import { fieldManager } from '../cluster/wanted-object.ts';
import { limits, openCluster } from './cluster-client.ts';
import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';

/** The agent registers its Node soon after the API server lets it in. */
const lookEveryMs = 25;

/** Labels and taints the Node of this machine, once the agent (or a kubelet) has registered it. */
export const markControlPlanePhase: Phase<InitContext> = {
  name: 'mark-control-plane',
  summary: 'label and taint the Node of this machine as a control plane node',
  skip: ({ config }) =>
    config.kubelet?.registerNode === false ? 'the KubeletConfiguration says registerNode: false' : undefined,
  run: async (context) => {
    const { config, report } = context;
    const { name, taints = [] } = config.init.nodeRegistration;
    const client = await openCluster(context);
    const path = `/api/v1/nodes/${name}`;
    const options = { ...limits(context), everyMs: lookEveryMs, what: `the Node ${name}, which the agent registers` };
    const mark = await retryUntil(async () => {
      const node = await client.get<MarkedNode>(path);
      if (node === undefined) throw new Error(`${name} is not registered yet`);
      const plan = planNodeMark(node, taints);
      // Somebody else's change in between is a 409: then the next look decides anew.
      if (plan.patch !== undefined) await client.patch(path, plan.patch, { fieldManager });
      return plan;
    }, options);
    const done = [...mark.labels, ...mark.taints.map(taintText)];
    report.item({
      item: `Node ${name}`,
      action: done.length === 0 ? 'keep' : 'mark',
      because: done.length === 0 ? 'has its labels and taints' : done.join(', '),
    });
  },
};
