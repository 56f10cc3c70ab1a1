import type {
  Container,
  ContainerPort,
  DownwardFile,
  EnvVar,
  HttpGetAction,
  LifecycleHandler,
  Pod,
  PodSpec,
  Probe,
  ResourceRequirements,
  Volume,
} from './types.ts';

/** A decoded value before defaulting: every member may be missing. */
export type Raw<T> = T extends readonly (infer Item)[]
  ? readonly Raw<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]?: Raw<T[Key]> | undefined }
    : T;

/**
 * Fills in what the API server fills into a Pod (pkg/apis/core/v1/defaults.go, v1.37), and nothing else. The namespace is
 * `default` when none is given.
 */
export function defaultPod(raw: Raw<Pod>): Pod {
  const metadata = { ...raw.metadata, namespace: raw.metadata?.namespace || 'default' };
  return { ...raw, metadata, spec: defaultSpec(raw.spec ?? {}) } as Pod;
}

function defaultSpec(raw: Raw<PodSpec>): PodSpec {
  const container = (one: Raw<Container>) => defaultContainer(one, raw.hostNetwork === true);
  const grace = raw.terminationGracePeriodSeconds ?? 30;
  return {
    ...raw,
    containers: (raw.containers ?? []).map(container),
    ...(raw.initContainers && { initContainers: raw.initContainers.map(container) }),
    ...(raw.volumes && { volumes: raw.volumes.map(defaultVolume) }),
    restartPolicy: raw.restartPolicy || 'Always',
    // A negative grace period is one second (SetDefaults_Pod).
    terminationGracePeriodSeconds: grace < 0 ? 1 : grace,
    dnsPolicy: raw.dnsPolicy || 'ClusterFirst',
    securityContext: raw.securityContext ?? {},
    enableServiceLinks: raw.enableServiceLinks ?? true,
    schedulerName: raw.schedulerName || 'default-scheduler',
  } as PodSpec;
}

function defaultContainer(raw: Raw<Container>, hostNetwork: boolean): Container {
  return {
    ...raw,
    ...(raw.ports && { ports: raw.ports.map((port) => defaultPort(port, hostNetwork)) }),
    ...(raw.env && { env: raw.env.map(defaultEnv) }),
    resources: defaultResources(raw.resources ?? {}),
    ...(raw.livenessProbe && { livenessProbe: defaultProbe(raw.livenessProbe) }),
    ...(raw.readinessProbe && { readinessProbe: defaultProbe(raw.readinessProbe) }),
    ...(raw.startupProbe && { startupProbe: defaultProbe(raw.startupProbe) }),
    ...(raw.lifecycle && { lifecycle: defaultLifecycle(raw.lifecycle) }),
    terminationMessagePath: raw.terminationMessagePath || '/dev/termination-log',
    terminationMessagePolicy: raw.terminationMessagePolicy || 'File',
    imagePullPolicy: raw.imagePullPolicy || (hasLatestTag(raw.image ?? '') ? 'Always' : 'IfNotPresent'),
  } as Container;
}

function defaultPort(raw: Raw<ContainerPort>, hostNetwork: boolean): ContainerPort {
  const hostPort = raw.hostPort || (hostNetwork ? raw.containerPort : undefined);
  return { ...raw, ...(hostPort && { hostPort }), protocol: raw.protocol || 'TCP' } as ContainerPort;
}

function defaultEnv(raw: Raw<EnvVar>): EnvVar {
  const from = raw.valueFrom;
  if (from === undefined) return raw as EnvVar;
  const valueFrom = {
    ...from,
    ...(from.fieldRef && { fieldRef: withApiVersion(from.fieldRef) }),
    ...(from.fileKeyRef && { fileKeyRef: { ...from.fileKeyRef, optional: from.fileKeyRef.optional ?? false } }),
  };
  return { ...raw, valueFrom } as EnvVar;
}

/** Requests are the limits where they are not given. */
function defaultResources(raw: Raw<ResourceRequirements>): ResourceRequirements {
  if (raw.limits === undefined) return raw as ResourceRequirements;
  return { ...raw, requests: { ...raw.limits, ...raw.requests } } as ResourceRequirements;
}

function defaultProbe(raw: Raw<Probe>): Probe {
  return {
    ...raw,
    ...(raw.httpGet && { httpGet: defaultHttpGet(raw.httpGet) }),
    ...(raw.grpc && { grpc: { ...raw.grpc, service: raw.grpc.service ?? '' } }),
    initialDelaySeconds: raw.initialDelaySeconds ?? 0,
    timeoutSeconds: raw.timeoutSeconds || 1,
    periodSeconds: raw.periodSeconds || 10,
    successThreshold: raw.successThreshold || 1,
    failureThreshold: raw.failureThreshold || 3,
  } as Probe;
}

function defaultLifecycle(raw: Raw<NonNullable<Container['lifecycle']>>): Raw<NonNullable<Container['lifecycle']>> {
  const handler = (one: Raw<LifecycleHandler>) => ({
    ...one,
    ...(one.httpGet && { httpGet: defaultHttpGet(one.httpGet) }),
  });
  return {
    ...raw,
    ...(raw.postStart && { postStart: handler(raw.postStart) }),
    ...(raw.preStop && { preStop: handler(raw.preStop) }),
  };
}

function defaultHttpGet(raw: Raw<HttpGetAction>): HttpGetAction {
  return { ...raw, path: raw.path || '/', scheme: raw.scheme || 'HTTP' } as HttpGetAction;
}

function defaultVolume(raw: Raw<Volume>): Volume {
  const { name, ...sources } = raw;
  if (Object.keys(sources).length === 0) return { name, emptyDir: {} } as Volume;
  const { hostPath, downwardAPI, projected, image } = raw;
  return {
    ...raw,
    ...(hostPath && { hostPath: { ...hostPath, type: hostPath.type ?? '' } }),
    ...(downwardAPI && { downwardAPI: withMode(withItems(downwardAPI)) }),
    ...(projected && { projected: withMode({ ...projected, sources: projected.sources?.map(defaultProjection) }) }),
    ...(image && { image: { ...image, pullPolicy: image.pullPolicy || defaultPolicy(image.reference) } }),
  } as Volume;
}

function defaultProjection(raw: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const downwardAPI = raw.downwardAPI as { readonly items?: readonly Raw<DownwardFile>[] } | undefined;
  return downwardAPI === undefined ? raw : { ...raw, downwardAPI: withItems(downwardAPI) };
}

function withItems<T extends { readonly items?: readonly Raw<DownwardFile>[] | undefined }>(source: T): T {
  if (source.items === undefined) return source;
  const item = (one: Raw<DownwardFile>) => ({
    ...one,
    ...(one.fieldRef && { fieldRef: withApiVersion(one.fieldRef) }),
  });
  return { ...source, items: source.items.map(item) };
}

function withMode<T extends { readonly defaultMode?: number | undefined }>(source: T): T {
  return { ...source, defaultMode: source.defaultMode ?? 0o644 };
}

function withApiVersion<T extends object>(reference: T): T {
  return { ...reference, apiVersion: ('apiVersion' in reference && reference.apiVersion) || 'v1' };
}

function defaultPolicy(reference: string | undefined): 'Always' | 'IfNotPresent' {
  return hasLatestTag(reference ?? '') ? 'Always' : 'IfNotPresent';
}

/** Whether the image is pulled each time by default: tag `latest`, or neither tag nor digest (parsers.ParseImageName). */
function hasLatestTag(image: string): boolean {
  if (image.includes('@')) return false;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
}
