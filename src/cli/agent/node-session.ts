import { join } from 'node:path';
import { ApiState } from '../../agent/api/agent-api.ts';
import { CredentialsKeeper } from '../../agent/credentials/credentials-keeper.ts';
import { type ServingCertificate, ServingCertificateKeeper } from '../../agent/credentials/serving-certificate.ts';
import { combineObservers } from '../../agent/metrics/combine-observers.ts';
import type { AgentObserver } from '../../agent/metrics/observer.ts';
import { type ClusterView, openClusterView } from '../../agent/mirror/cluster-view.ts';
import { keepLease } from '../../agent/node/lease-keeper.ts';
import { NodeKeeper } from '../../agent/node/node-keeper.ts';
import { nodeFactsReader } from '../../agent/node/read-facts.ts';
import type { AgentSettings } from '../../agent/settings/settings.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { KeptConnections } from '../../host/kept-connections.ts';
import type { AgentNode } from '../../kube/agent-socket.ts';
import { createKubeClient } from '../../kube/client.ts';
import { buildKubeconfig } from '../../kubeconfig/kubeconfig.ts';
import { readClusterAccess } from '../../kubeconfig/read-access.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import { certificateTools } from './certificate-tools.ts';
import { leaveNode } from './leave-node.ts';

export type NodeSessionDoors = {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  readonly paths: Paths;
  readonly settings: AgentSettings;
  readonly runtime: ContainerRuntime;
  /** Why the agent cannot do its work. */
  unhealthy(): string | undefined;
};

/** What an agent with a kubeconfig does at the API server; pods wait for none of it. */
export type NodeSession = {
  readonly api: ApiState;
  readonly view: ClusterView;
  readonly observer: AgentObserver;
  /** Throws when the files that the settings name cannot be used. */
  serving(): Promise<ServingCertificate>;
  /** The kubelet's API could not be served: the Node shall not say that it is. */
  notServed(): void;
  start(agent: Parameters<ClusterView['start']>[0], signal: AbortSignal): void;
  status(): AgentNode;
  problems(): readonly string[];
  /** The agent has ended, and leaves this many static pods behind. */
  leave(staticPods: number): Promise<void>;
};

/** The kubelet's API takes WebSockets of the API server itself (KEP-4006). */
const features = ['ExtendWebSocketsToKubelet'];

/** Does nothing before `start`. */
export function openNodeSession(doors: NodeSessionDoors, kubeconfig: string): NodeSession {
  const { settings, paths } = doors;
  const { kubeletPort: port } = settings;
  const api = new ApiState(settings.nodeName);
  const parts = { ...doors, api, random: Math.random, tools: certificateTools(doors.clock) };
  const certDirectory = settings.certDirectory ?? join(paths.kubeletDir, 'pki');
  const view = openClusterView(parts);
  const over = new AbortController();
  let served = port !== 0;
  const kubeletApi = () => (served ? { port, features } : undefined);
  const readFacts = nodeFactsReader({ ...parts, dir: paths.stateDir, kubeletApi });
  const credentials = credentialsOf(parts, { kubeconfig, certDirectory });
  const node = new NodeKeeper({ ...parts, registerNode: settings.registerNode, readFacts });
  return {
    api,
    view,
    // Something was started: the API server may be among it.
    observer: combineObservers(view.observer, { turned: ({ acted }) => void (acted && api.nudge()), probed() {} }),
    serving: async () => {
      const keeper = await openServing(parts, certDirectory);
      void keeper.run(over.signal);
      return keeper;
    },
    notServed: () => {
      served = false;
    },
    start: (agent, signal) => {
      signal.addEventListener('abort', () => over.abort(), { once: true });
      void credentials.run(signal);
      void node.run(signal);
      void keepLease(parts, signal);
      view.start(agent, signal);
    },
    status: () => nodeStatusOf(api),
    problems: () => [api.problem(), ...view.problems()].filter((problem) => problem !== undefined),
    leave: async (staticPods) => {
      if (api.node() !== undefined) await leaveNode(doors, kubeconfig, staticPods);
    },
  };
}

function nodeStatusOf(api: ApiState): AgentNode {
  const [client, node] = [api.client(), api.node()];
  const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready');
  return {
    registered: node !== undefined,
    ...(ready === undefined ? {} : { ready: ready.status === 'True' }),
    ...(client === undefined ? {} : { server: client.server }),
  };
}

type Parts = NodeSessionDoors & {
  readonly api: ApiState;
  readonly random: () => number;
  readonly tools: ReturnType<typeof certificateTools>;
};

function credentialsOf(parts: Parts, about: { readonly kubeconfig: string; readonly certDirectory: string }) {
  const { host, settings } = parts;
  return new CredentialsKeeper({
    ...parts,
    ...about,
    bootstrapKubeconfig: settings.bootstrapKubeconfig,
    rotate: settings.rotateCertificates,
    readAccess: async (path) => ((await host.stat(path)) === undefined ? undefined : readClusterAccess(host, path)),
    makeClient: (access, signal) => createKubeClient(host, access, { signal, connections: new KeptConnections() }),
    kubeconfigText: ({ server, ca = '' }, { user, pairPath }) =>
      buildKubeconfig({ clusterName: 'default-cluster', user, server, ca, credentials: { pairFile: pairPath } }),
  });
}

function openServing(parts: Parts, certDirectory: string): Promise<ServingCertificateKeeper> {
  const { tlsCertFile: certificate, tlsPrivateKeyFile: key, serverTLSBootstrap, nodeIPs } = parts.settings;
  const files = certificate === undefined || key === undefined ? undefined : { certificate, key };
  return ServingCertificateKeeper.open({ ...parts, certDirectory, nodeIPs, files, fromCluster: serverTLSBootstrap });
}
