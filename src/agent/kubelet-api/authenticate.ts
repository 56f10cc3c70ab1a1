import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { sha256Hex } from '../../base/hash.ts';
import type { Log } from '../../base/log.ts';
import type { PeerRequest } from '../../host/peer-request.ts';
import type { KubeClient, KubeObject } from '../../kube/client.ts';
import { ReviewCache } from './review-cache.ts';

/** Who asks, as the API server names it (authentication.k8s.io/v1 UserInfo). */
export type User = {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
};

export type AuthDoors = {
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined while there is no way to an API server. */
  readonly client: () => Pick<KubeClient, 'createObject'> | undefined;
};

type TokenReview = KubeObject & {
  readonly spec: { readonly token: string };
  readonly status?: { readonly authenticated?: boolean; readonly user?: User; readonly error?: string };
};

/** The kubelet's (kubernetes v1.37.2 pkg/kubelet/apis/config/v1beta1/defaults.go, authentication.webhook.cacheTTL). */
const keepMs = 120_000;
/** More tokens than this are asked about again. */
const maxTokens = 1000;
const everyone = 'system:authenticated';

/**
 * Tells who asks: by client certificate, else by a bearer token that the API server knows. There is nobody anonymous.
 * Tokens are remembered by their hash alone.
 */
export class Authenticator {
  readonly #doors: AuthDoors;
  readonly #tokens: ReviewCache<User | undefined>;

  constructor(doors: AuthDoors) {
    this.#doors = doors;
    this.#tokens = new ReviewCache({ clock: doors.clock, maxEntries: maxTokens, keepMs: () => keepMs });
  }

  /** Undefined for who cannot be told, also because the API server cannot be asked. */
  async userOf({ peer, headers }: Pick<PeerRequest, 'peer' | 'headers'>): Promise<User | undefined> {
    if (peer !== undefined && this.#doors.clock.now() < peer.validUntilMs) {
      return { username: peer.commonName, groups: [...peer.organizations, everyone] };
    }
    const token = bearerToken(headers.authorization);
    if (token === undefined) return undefined;
    try {
      return await this.#tokens.get(sha256Hex(token), () => this.#review(token));
    } catch (thrown) {
      this.#doors.log.verbose(1, `kubelet API: a token cannot be verified: ${messageOf(thrown)}`);
      return undefined;
    }
  }

  async #review(token: string): Promise<User | undefined> {
    const client = this.#doors.client();
    if (client === undefined) throw new Error('there is no API server to ask');
    const review: TokenReview = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: { name: '' },
      spec: { token },
    };
    const { status } = await client.createObject('/apis/authentication.k8s.io/v1/tokenreviews', review);
    return status?.authenticated === true && status.user !== undefined ? status.user : undefined;
  }
}

/** The scheme in any case, as Go's authenticator takes it (k8s.io/apiserver bearertoken). */
function bearerToken(authorization: string | undefined): string | undefined {
  const [, token] = /^bearer +(\S+)$/i.exec(authorization?.trim() ?? '') ?? [];
  return token;
}
