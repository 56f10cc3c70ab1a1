import type { Taint } from '../../kube/node-types.ts';

/** A pod is started only once this URL answers 200. `pods` are `namespace/name` without the node's suffix. */
export type StartAfterRule = {
  readonly pods: readonly string[];
  readonly url: string;
  /** PEM certificates to verify the answer with; without it nothing is verified, as in probes. */
  readonly caFile?: string;
};

/**
 * What agent.yaml holds: how `bootstrap agent --config` is to run. Durations as the kubelet writes them (`20s`); what is
 * absent gets the default of settings.ts.
 */
export type AgentConfiguration = {
  readonly apiVersion: 'kube-bootstrap/v1alpha1';
  readonly kind: 'AgentConfiguration';
  readonly staticPodPath?: string;
  readonly nodeName?: string;
  /** One address, or one per family separated by a comma. */
  readonly nodeIP?: string;
  readonly runtime?: { readonly type?: 'auto' | 'docker' | 'cri' | 'process'; readonly endpoint?: string };
  /** Directories of image archives, looked through before any pull. */
  readonly imageArchives?: readonly string[];
  readonly podInfraContainerImage?: string;
  /** 0 = not served. */
  readonly healthzPort?: number;
  readonly healthzBindAddress?: string;
  /** Credentials for the API server; static pods do without. */
  readonly kubeconfig?: string;
  readonly bootstrapKubeconfig?: string;
  /** Whether a Node that is not there is made; default true. */
  readonly registerNode?: boolean;
  readonly registerWithTaints?: readonly Taint[];
  /** Where certificates of the agent's own are kept. */
  readonly certDirectory?: string;
  readonly rotateCertificates?: boolean;
  readonly serverTLSBootstrap?: boolean;
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  /** Of the kubelet's API; 0 = not served. */
  readonly port?: number;
  /** Of the kubelet's API; as in a KubeletConfiguration. */
  readonly authentication?: { readonly x509?: { readonly clientCAFile?: string } };
  readonly fileCheckFrequency?: string;
  readonly startAfter?: readonly StartAfterRule[];
  readonly crashLoopBackOff?: { readonly maxContainerRestartPeriod?: string };
  readonly containerLogMaxSize?: string;
  readonly containerLogMaxFiles?: number;
};

export const agentConfigurationVersion = 'kube-bootstrap/v1alpha1';
export const agentConfigurationKind = 'AgentConfiguration';
