import type { PeerRequest } from '../../host/peer-request.ts';

/** What a request may be allowed as: a verb on one of these subresources of the node. */
export type RequestAttributes = { readonly verb: string; readonly subresources: readonly string[] };

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Subresources by path, the narrower one first (kubernetes v1.37.2 pkg/kubelet/server/auth.go). */
const subresourcesOf: readonly (readonly [string, readonly string[]])[] = [
  ['/pods', ['pods', 'proxy']],
  ['/healthz', ['healthz', 'proxy']],
  ['/configz', ['configz', 'proxy']],
  ['/runningpods', ['pods', 'proxy']],
  ['/stats', ['stats']],
  ['/metrics', ['metrics']],
  ['/logs', ['log']],
];

/** Everything else, such as logs of containers, needs the right to all of the node's API. */
const all = ['proxy'];

export function requestAttributes({ method, path }: Pick<PeerRequest, 'method' | 'path'>): RequestAttributes {
  const [, subresources = all] = subresourcesOf.find(([prefix]) => isBelow(path, prefix)) ?? [];
  return { verb: verbs[method] ?? '', subresources };
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}
