import { humanDuration } from '../base/duration.ts';
import type { BootstrapToken } from '../config/types.ts';
import type { KubeClient } from '../kube/client.ts';
import type { ApiObject } from './wanted-object.ts';

/** A bootstrap token as the cluster has it (k8s.io/cluster-bootstrap/token/api). */
export type LiveToken = {
  readonly id: string;
  readonly secret: string;
  readonly description: string;
  /** Undefined = never. */
  readonly expiresMs: number | undefined;
  readonly usages: readonly string[];
  readonly groups: readonly string[];
};

const namespace = 'kube-system';
const secretType = 'bootstrap.kubernetes.io/token';
const usagePrefix = 'usage-bootstrap-';

export const tokenForm = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
export const tokenIdForm = /^[a-z0-9]{6}$/;

export const secretsPath = `/api/v1/namespaces/${namespace}/secrets`;

/** `bootstrap-token-abcdef` */
export function tokenSecretName(id: string): string {
  return `bootstrap-token-${id}`;
}

/** The Secret of a token, its life counted from `nowMs` (kubeadm apis/bootstraptoken/v1/utils.go). */
export function tokenSecret(token: BootstrapToken, nowMs: number): ApiObject {
  const [id = '', secret = ''] = token.token.split('.');
  const members: Record<string, string> = { 'token-id': id, 'token-secret': secret };
  const expiresMs = expiryOf(token, nowMs);
  if (token.description !== '') members.description = token.description;
  if (expiresMs !== undefined) members.expiration = timeText(expiresMs);
  for (const usage of token.usages) members[`${usagePrefix}${usage}`] = 'true';
  if (token.groups.length > 0) members['auth-extra-groups'] = token.groups.join(',');
  const data = Object.fromEntries(Object.entries(members).map(([name, text]) => [name, base64(text)]));
  const metadata = { name: tokenSecretName(id), namespace };
  return { apiVersion: 'v1', kind: 'Secret', metadata, type: secretType, data };
}

/** Milliseconds since the epoch; undefined when it never ends. A ttl of 0 is no end. */
function expiryOf({ expires, ttlMs }: BootstrapToken, nowMs: number): number | undefined {
  if (expires !== undefined) return Date.parse(expires);
  return ttlMs === undefined || ttlMs <= 0 ? undefined : nowMs + ttlMs;
}

/** RFC 3339 in whole seconds, as Go writes it. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** All tokens of the cluster; `problems` says which Secrets are none although they should be. */
export async function listTokens(
  client: KubeClient,
): Promise<{ readonly tokens: readonly LiveToken[]; readonly problems: readonly string[] }> {
  const selector = encodeURIComponent(`type=${secretType}`);
  const { items } = await client.list<ApiObject>(`${secretsPath}?fieldSelector=${selector}`);
  const read = items.map(tokenOf);
  return {
    tokens: read.filter((token) => typeof token !== 'string'),
    problems: read.filter((token) => typeof token === 'string'),
  };
}

function tokenOf({ metadata, data }: ApiObject): LiveToken | string {
  const members = (data ?? {}) as Readonly<Record<string, string>>;
  const text = (name: string) => Buffer.from(members[name] ?? '', 'base64').toString();
  const [id, secret, expiration, groups] = ['token-id', 'token-secret', 'expiration', 'auth-extra-groups'].map(text);
  const wrong = (what: string) => `Secret ${namespace}/${metadata.name} is no bootstrap token: ${what}`;
  if (id === undefined || metadata.name !== tokenSecretName(id)) return wrong('its name is not that of its token-id');
  if (secret === undefined || !tokenForm.test(`${id}.${secret}`)) return wrong('token-id or token-secret is malformed');
  const expiresMs = expiration === undefined || expiration === '' ? undefined : Date.parse(expiration);
  if (Number.isNaN(expiresMs)) return wrong('its expiration is no time');
  const usages = Object.keys(members).filter((name) => name.startsWith(usagePrefix) && text(name) === 'true');
  return {
    id,
    secret,
    description: text('description'),
    expiresMs,
    usages: usages.map((name) => name.slice(usagePrefix.length)).sort(),
    groups: groups === undefined || groups === '' ? [] : groups.split(','),
  };
}

export type TokenPlan = {
  /** `abcdef.…`: what is to be shown to who joins. */
  readonly token: string;
  readonly action: 'keep' | 'create' | 'update';
  readonly because: string;
  readonly wanted: BootstrapToken;
};

/**
 * What becomes of the configured tokens. One that is there as wanted and has not ended is kept, its end not moved; for one
 * that was only drawn by lot, any like it does that has at least half of its life before it.
 */
export function planTokens(
  wanted: readonly BootstrapToken[],
  live: readonly LiveToken[],
  nowMs: number,
): readonly TokenPlan[] {
  return wanted.map((token) => {
    const same = live.find(({ id }) => id === token.token.split('.')[0]);
    const usable = token.generated ? live.find((other) => isLike(other, token) && outlives(other, token, nowMs)) : same;
    if (usable === undefined) return { token: token.token, action: 'create', because: 'is not there', wanted: token };
    const kept = { token: `${usable.id}.${usable.secret}`, action: 'keep', wanted: token } as const;
    const because =
      usable.expiresMs === undefined ? 'never ends' : `ends in ${humanDuration(usable.expiresMs - nowMs)}`;
    const different = differenceOf(usable, token, nowMs);
    if (token.generated || different === undefined) return { ...kept, because };
    return { token: token.token, action: 'update', because: different, wanted: token };
  });
}

function differenceOf(live: LiveToken, wanted: BootstrapToken, nowMs: number): string | undefined {
  if (live.expiresMs !== undefined && live.expiresMs <= nowMs) return 'has ended';
  if (`${live.id}.${live.secret}` !== wanted.token) return 'its secret differs';
  if (wanted.expires !== undefined && live.expiresMs !== Date.parse(wanted.expires)) return 'its end differs';
  return isLike(live, wanted) ? undefined : 'its usages, groups or description differ';
}

function isLike(live: LiveToken, wanted: BootstrapToken): boolean {
  const sameSet = (a: readonly string[], b: readonly string[]) => a.toSorted().join() === b.toSorted().join();
  return (
    sameSet(live.usages, wanted.usages) &&
    sameSet(live.groups, wanted.groups) &&
    live.description === wanted.description
  );
}

function outlives({ expiresMs }: LiveToken, { ttlMs = 0 }: BootstrapToken, nowMs: number): boolean {
  return expiresMs === undefined || expiresMs - nowMs >= ttlMs / 2;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
