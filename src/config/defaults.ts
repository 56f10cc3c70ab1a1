import { controlPlaneTaint, defaultPorts, defaultTimeoutsMs } from './constants.ts';
import { argumentsOf, durationMs } from './given.ts';
import type { Documents } from './kinds.ts';
import type {
  BootstrapConfiguration,
  InitConfiguration,
  NodeRegistration,
  ResetConfiguration,
  Taint,
  Timeouts,
} from './types.ts';

/** What only the machine knows: see detect.ts. */
export type DetectedFacts = {
  readonly nodeName: string;
  readonly advertiseAddress: string;
  readonly bootstrapTokens: InitConfiguration['bootstrapTokens'];
  readonly imageArchives: readonly string[];
  readonly patchesDirectory: string | undefined;
};

type Init = NonNullable<Documents['InitConfiguration']>;

/** The InitConfiguration with kubeadm's defaults (v1beta4/defaults.go). */
export function initWithDefaults(init: Init = {}, facts: DetectedFacts): InitConfiguration {
  return {
    bootstrapTokens: facts.bootstrapTokens,
    nodeRegistration: nodeRegistrationWithDefaults(init.nodeRegistration ?? {}, facts.nodeName),
    localAPIEndpoint: {
      advertiseAddress: facts.advertiseAddress,
      bindPort: init.localAPIEndpoint?.bindPort || 6443,
    },
    certificateKey: init.certificateKey || undefined,
    skipPhases: init.skipPhases ?? [],
    patchesDirectory: facts.patchesDirectory,
    timeouts: timeoutsWithDefaults(init.timeouts ?? {}),
    dryRun: init.dryRun ?? false,
  };
}

function nodeRegistrationWithDefaults(given: NonNullable<Init['nodeRegistration']>, name: string): NodeRegistration {
  return {
    name,
    criSocket: socketUrl(given.criSocket),
    taints: given.taints?.map(taintOf) ?? [controlPlaneTaint],
    kubeletExtraArgs: argumentsOf(given.kubeletExtraArgs),
    // Case-insensitive, and a set (kubeadm ValidateIgnorePreflightErrors).
    ignorePreflightErrors: [...new Set(given.ignorePreflightErrors?.map((check) => check.toLowerCase()))].sort(),
    imagePullPolicy: given.imagePullPolicy ?? 'IfNotPresent',
    imagePullSerial: given.imagePullSerial ?? true,
  };
}

type GivenTaint = { readonly [K in keyof Taint]?: string | undefined };

function taintOf({ key = '', value, effect = '' }: GivenTaint): Taint {
  return { key, ...(value ? { value } : {}), effect };
}

/** A path alone is the path of a unix socket (kubeadm SetNodeRegistrationDynamicDefaults). */
function socketUrl(socket: string | undefined): string | undefined {
  return socket?.startsWith('/') ? `unix://${socket}` : socket || undefined;
}

function timeoutsWithDefaults(given: NonNullable<Init['timeouts']>): Timeouts {
  const of = (name: keyof typeof defaultTimeoutsMs) => durationMs(given[name], defaultTimeoutsMs[name]);
  return {
    controlPlaneComponentHealthCheckMs: of('controlPlaneComponentHealthCheck'),
    kubeletHealthCheckMs: of('kubeletHealthCheck'),
    kubernetesAPICallMs: of('kubernetesAPICall'),
    etcdAPICallMs: of('etcdAPICall'),
    tlsBootstrapMs: of('tlsBootstrap'),
    discoveryMs: of('discovery'),
    upgradeManifestsMs: of('upgradeManifests'),
  };
}

/** The BootstrapConfiguration with the defaults of contract 2. */
export function bootstrapWithDefaults(
  given: NonNullable<Documents['BootstrapConfiguration']> = {},
  archives: readonly string[],
): BootstrapConfiguration {
  const { runtime = {}, rollout = {}, ports = {} } = given;
  return {
    runtime: { type: runtime.type ?? 'auto', endpoint: socketUrl(runtime.endpoint) },
    images: { archives },
    rollout: {
      apiServer: rollout.apiServer ?? 'overlap',
      healthTimeoutMs: durationMs(rollout.healthTimeout, 240_000),
      settleMs: durationMs(rollout.settle, 10_000),
      keepRevisions: rollout.keepRevisions ?? 10,
      guardHandEdits: rollout.guardHandEdits ?? false,
    },
    ports: { ...defaultPorts, ...Object.fromEntries(Object.entries(ports).filter(([, port]) => port !== undefined)) },
  };
}

/** The ResetConfiguration with kubeadm's defaults. */
export function resetWithDefaults(given: NonNullable<Documents['ResetConfiguration']> = {}): ResetConfiguration {
  return {
    cleanupTmpDir: given.cleanupTmpDir ?? false,
    dryRun: given.dryRun ?? false,
    force: given.force ?? false,
    skipPhases: given.skipPhases ?? [],
    ignorePreflightErrors: [...new Set(given.ignorePreflightErrors?.map((check) => check.toLowerCase()))].sort(),
    unmountFlags: given.unmountFlags ?? [],
  };
}
