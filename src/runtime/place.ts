import type { RuntimeType } from './runtime.ts';

/** A container runtime by what tells it from another one; without an endpoint: the usual one of its type. */
export type RuntimePlace = { readonly type: RuntimeType; readonly endpoint?: string | undefined };

/** Of `containerd://<id>`: a CRI runtime names itself, as for the kubelet. */
export function typeOfContainerId(containerId: string): RuntimeType {
  const scheme = containerId.split('://')[0];
  return scheme === 'docker' || scheme === 'process' ? scheme : 'cri';
}

/** `docker unix:///var/run/docker.sock`, `process`. */
export function placeText({ type, endpoint }: RuntimePlace): string {
  return endpoint === undefined ? type : `${type} ${endpoint}`;
}

/** The place that `placeText` wrote; undefined for anything else. */
export function readPlace(text: string): Required<RuntimePlace> | undefined {
  const [, type, endpoint] = /^(docker|cri|process)(?: (\S+))?$/.exec(text) ?? [];
  return type === undefined ? undefined : { type: type as RuntimeType, endpoint };
}
