import type { HttpRequest } from '../host/host.ts';
import type { ClusterAccess, PatchCallOptions, RemoveCallOptions } from './client.ts';

/** How a patch is said to be meant (k8s.io/apimachinery types.PatchType). */
export const patchTypes = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  // JSON is YAML.
  apply: 'application/apply-patch+yaml',
} as const;

/** The path with what the server is to know of the writer. */
export function managed(
  path: string,
  { fieldManager, force }: Pick<PatchCallOptions, 'fieldManager' | 'force'> = {},
): string {
  const query = new URLSearchParams({
    ...(fieldManager === undefined ? {} : { fieldManager }),
    ...(force === true ? { force: 'true' } : {}),
  }).toString();
  return query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
}

/** The body of a DELETE; undefined when nothing is said. */
export function deleteOptions({ uid, resourceVersion, graceSeconds, propagation }: RemoveCallOptions): unknown {
  const bound = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
  const said = {
    ...(Object.keys(bound).length === 0 ? {} : { preconditions: bound }),
    ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
    ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
  };
  return Object.keys(said).length === 0 ? undefined : { apiVersion: 'v1', kind: 'DeleteOptions', ...said };
}

/** What every request to this API server has: who asks, and whom to trust. */
export function requestBase(access: ClusterAccess, contentType: string | undefined): HttpRequest {
  const { clientCertificate, clientKey, serverName, anyName, token } = access;
  const ca = access.insecure === true ? false : access.ca;
  return {
    ...(anyName ? { anyName: true } : {}),
    // A kept connection may lead to another instance than the address does by now.
    keepAlive: anyName !== true,
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(clientKey === undefined ? {} : { clientKey }),
    ...(serverName === undefined ? {} : { serverName }),
    headers: {
      accept: 'application/json',
      'user-agent': 'bootstrap',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(contentType === undefined ? {} : { 'content-type': contentType }),
    },
  };
}
