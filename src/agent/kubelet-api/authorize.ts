import { canonicalJson, sha256Hex } from '../../base/hash.ts';
import type { PeerRequest } from '../../host/peer-request.ts';
import type { KubeObject } from '../../kube/client.ts';
import type { AuthDoors, User } from './authenticate.ts';
import { requestAttributes } from './request-attributes.ts';
import { ReviewCache } from './review-cache.ts';

type AccessSpec = {
  readonly user: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly resourceAttributes: {
    readonly verb: string;
    readonly version: string;
    readonly resource: string;
    readonly subresource: string;
    readonly name: string;
  };
};

type SubjectAccessReview = KubeObject & {
  readonly spec: AccessSpec;
  readonly status?: { readonly allowed?: boolean };
};

/** The kubelet's (kubernetes v1.37.2 pkg/kubelet/apis/config/v1beta1/defaults.go, authorization.webhook). */
const keepAllowedMs = 300_000;
const keepDeniedMs = 30_000;
/** More answers than this are asked for again. */
const maxAnswers = 2000;

/** Asks the API server who may do what with this node. */
export class Authorizer {
  readonly #doors: AuthDoors;
  readonly #nodeName: string;
  readonly #answers: ReviewCache<boolean>;

  constructor(doors: AuthDoors, nodeName: string) {
    this.#doors = doors;
    this.#nodeName = nodeName;
    const keepMs = (allowed: boolean) => (allowed ? keepAllowedMs : keepDeniedMs);
    this.#answers = new ReviewCache({ clock: doors.clock, maxEntries: maxAnswers, keepMs });
  }

  /** Whether one of the request's subresources is allowed. Throws when the API server cannot be asked. */
  async allows(user: User, request: Pick<PeerRequest, 'method' | 'path'>): Promise<boolean> {
    const { verb, subresources } = requestAttributes(request);
    for (const subresource of subresources) {
      const spec = accessSpec(user, { verb, subresource, name: this.#nodeName });
      if (await this.#answers.get(sha256Hex(canonicalJson(spec)), () => this.#review(spec))) return true;
    }
    return false;
  }

  async #review(spec: AccessSpec): Promise<boolean> {
    const client = this.#doors.client();
    if (client === undefined) throw new Error('there is no API server to ask');
    const review: SubjectAccessReview = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: { name: '' },
      spec,
    };
    const { status } = await client.createObject('/apis/authorization.k8s.io/v1/subjectaccessreviews', review);
    return status?.allowed === true;
  }
}

function accessSpec(
  { username, uid, groups, extra }: User,
  on: { readonly verb: string; readonly subresource: string; readonly name: string },
): AccessSpec {
  return {
    user: username,
    ...(uid === undefined ? {} : { uid }),
    ...(groups === undefined ? {} : { groups }),
    ...(extra === undefined ? {} : { extra }),
    resourceAttributes: { version: 'v1', resource: 'nodes', ...on },
  };
}
