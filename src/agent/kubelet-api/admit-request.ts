import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { PeerRequest } from '../../host/peer-request.ts';
import type { PeerResponse } from '../../host/peer-response.ts';
import type { Authenticator } from './authenticate.ts';
import type { Authorizer } from './authorize.ts';
import { requestAttributes } from './request-attributes.ts';

export type Guards = {
  readonly authenticator: Pick<Authenticator, 'userOf'>;
  readonly authorizer: Pick<Authorizer, 'allows'>;
  readonly log: Log;
};

/** Undefined when the request may go on, else the refusal: texts as the kubelet's (pkg/kubelet/server/server.go). */
export async function admitRequest(guards: Guards, request: PeerRequest): Promise<PeerResponse | undefined> {
  const user = await guards.authenticator.userOf(request);
  if (user === undefined) return { status: 401, body: 'Unauthorized' };
  const { verb, subresources } = requestAttributes(request);
  const about = `user=${user.username}, verb=${verb}, resource=nodes`;
  try {
    if (await guards.authorizer.allows(user, request)) return undefined;
  } catch (thrown) {
    guards.log.warn(`kubelet API: it cannot be told whether ${user.username} may do this: ${messageOf(thrown)}`);
    return { status: 500, body: `Authorization error (${about}, subresource=${subresources[0]})` };
  }
  return { status: 403, body: `Forbidden (${about}, subresource(s)=[${subresources.join(' ')}])\n` };
}
