import { formatDuration } from '../base/duration.ts';
import { toYaml } from '../kube/yaml.ts';
import { bootstrapApiVersion, kinds } from './kinds.ts';
import { clusterConfigurationDocument, initConfigurationDocument, resetConfigurationDocument } from './kubeadm-view.ts';
import type { Config } from './types.ts';

/**
 * The configuration with everything that was defaulted, detected or set by flags, as documents that give the same
 * configuration when they are read again. Tokens and certificateKey are left out unless `secrets` is true.
 */
export function renderConfig(config: Config, options: { readonly secrets?: boolean } = {}): string {
  const secrets = options.secrets ?? false;
  const documents = [
    initConfigurationDocument(config, { secrets }),
    clusterConfigurationDocument(config),
    resetConfigurationDocument(config),
    bootstrapConfigurationDocument(config),
    ...componentDocuments(config),
  ];
  return (secrets ? '' : hidden(config)) + documents.map(toYaml).join('---\n');
}

/** The configuration with its secrets made unreadable, for output in other forms. Token IDs are no secrets. */
export function withoutSecrets(config: Config): Config {
  const { bootstrapTokens, certificateKey } = config.init;
  const tokens = bootstrapTokens.map((token) => ({
    ...token,
    token: `${token.token.split('.')[0]}.${'*'.repeat(16)}`,
  }));
  const masked = certificateKey === undefined ? undefined : '*'.repeat(64);
  return { ...config, init: { ...config.init, bootstrapTokens: tokens, certificateKey: masked } };
}

function hidden({ init }: Config): string {
  const names = [
    ...(init.bootstrapTokens.length > 0 ? ['tokens'] : []),
    ...(init.certificateKey ? ['certificateKey'] : []),
  ];
  return names.length === 0 ? '' : `# Left out, being secret: ${names.join(', ')}.\n`;
}

function bootstrapConfigurationDocument({ bootstrap }: Config): Readonly<Record<string, unknown>> {
  const { images, ports, rollout, runtime } = bootstrap;
  return {
    apiVersion: bootstrapApiVersion,
    kind: 'BootstrapConfiguration',
    runtime: { type: runtime.type, ...(runtime.endpoint !== undefined && { endpoint: runtime.endpoint }) },
    images,
    rollout: {
      apiServer: rollout.apiServer,
      healthTimeout: formatDuration(rollout.healthTimeoutMs),
      settle: formatDuration(rollout.settleMs),
      keepRevisions: rollout.keepRevisions,
      guardHandEdits: rollout.guardHandEdits,
    },
    ports,
  };
}

/** As they were given: their defaults are the kubelet's and kube-proxy's own business. */
function componentDocuments({ kubelet, kubeProxy }: Config): readonly Readonly<Record<string, unknown>>[] {
  const given = { KubeletConfiguration: kubelet, KubeProxyConfiguration: kubeProxy } as const;
  return Object.entries(given).flatMap(([kind, document]) =>
    document === undefined ? [] : [{ ...document, apiVersion: kinds[kind as keyof typeof given].apiVersion, kind }],
  );
}
