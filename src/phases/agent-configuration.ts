import { join } from 'node:path';
import type { AgentConfiguration, StartAfterRule } from '../agent/settings/configuration.ts';
import { localEndpoint } from '../config/endpoints.ts';
import { imagesOf } from '../config/images.ts';
import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/types.ts';
import type { RuntimeType } from '../runtime/runtime.ts';

/** The fields of a KubeletConfiguration that the agent takes as they are. */
const fromKubelet = ['fileCheckFrequency', 'crashLoopBackOff', 'containerLogMaxSize', 'containerLogMaxFiles'] as const;

/** What agent.yaml says for this control plane: how the agent runs it, also after a restart of the machine. */
export function agentConfigurationOf(input: {
  readonly config: Config;
  readonly paths: Paths;
  readonly runtime: { readonly type: RuntimeType; readonly endpoint: string | undefined };
}): AgentConfiguration {
  const { config, paths, runtime } = input;
  const startAfter = startAfterRules(config, paths);
  return {
    apiVersion: 'kube-bootstrap/v1alpha1',
    kind: 'AgentConfiguration',
    staticPodPath: paths.manifestsDir,
    nodeName: config.init.nodeRegistration.name,
    nodeIP: config.init.localAPIEndpoint.advertiseAddress,
    runtime: { type: runtime.type, ...(runtime.endpoint === undefined ? {} : { endpoint: runtime.endpoint }) },
    imageArchives: config.bootstrap.images.archives,
    podInfraContainerImage: imagesOf(config).pause,
    healthzPort: config.bootstrap.ports.agentHealth,
    kubeconfig: paths.kubeletConf,
    certDirectory: join(paths.kubeletDir, 'pki'),
    rotateCertificates: true,
    port: config.bootstrap.ports.kubeletApi,
    authentication: { x509: { clientCAFile: join(paths.certificatesDir, 'ca.crt') } },
    ...(startAfter.length === 0 ? {} : { startAfter }),
    ...kubeletFields(config),
  };
}

/**
 * controller-manager and scheduler exit when no API server answers, and lose seconds in back-off. They wait for a
 * stranger's 200 from /livez, which `--anonymous-auth=false` would never give.
 */
function startAfterRules(config: Config, paths: Paths): readonly StartAfterRule[] {
  const closed = config.cluster.apiServer.extraArgs.some(
    ({ name, value }) => (name === 'anonymous-auth' && value === 'false') || name === 'authentication-config',
  );
  if (closed) return [];
  return [
    {
      pods: ['kube-system/kube-controller-manager', 'kube-system/kube-scheduler'],
      url: `${localEndpoint(config)}/livez`,
      caFile: join(paths.certificatesDir, 'ca.crt'),
    },
  ];
}

function kubeletFields(config: Config): Partial<AgentConfiguration> {
  const given = config.kubelet ?? {};
  return Object.fromEntries(fromKubelet.flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]])));
}
