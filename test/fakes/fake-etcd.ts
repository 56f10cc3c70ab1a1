import { createHash } from 'node:crypto';
import type { HostNetwork, HttpRequest } from '../../src/host/host.ts';

/** What etcd holds, as its gateway tells it; a test changes it at any time. */
export type EtcdState = {
  /** Undefined: nobody listens. */
  up: boolean;
  gateway: boolean;
  database: Uint8Array;
  /** How the snapshot comes out wrong. */
  damage: 'none' | 'cut' | 'digest' | 'error';
  members: { ID: string; name: string; peerURLs: string[] }[];
  readonly calls: { readonly method: string; readonly body: unknown; readonly request: HttpRequest }[];
};

/** etcd's JSON gateway as one member of a cluster, whose id is that of the first in `members`. */
export function fakeEtcd(): {
  readonly state: EtcdState;
  readonly network: Pick<HostNetwork, 'request' | 'requestStream'>;
} {
  const state: EtcdState = {
    ...{ up: true, gateway: true, damage: 'none', calls: [] },
    database: Buffer.alloc(4096 * 20, 'etcd'),
    members: [{ ID: '17', name: 'node1', peerURLs: ['https://192.0.2.10:2380'] }],
  };
  const answer = (url: string, request: HttpRequest): { status: number; text: string } => {
    if (!state.up) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    if (!state.gateway) return { status: 404, text: '404 page not found\n' };
    const method = url.replace(/^.*\/v3\//, '');
    const body = JSON.parse(String(request.body)) as Record<string, unknown>;
    state.calls.push({ method, body, request });
    return answers[method]?.(state, body) ?? { status: 404, text: '{"code":5, "message":"Not Found"}' };
  };
  return {
    state,
    network: {
      request: async (url, request = {}) => {
        const { status, text } = answer(url, request);
        return { status, headers: {}, body: Buffer.from(text) };
      },
      requestStream: async (url, request = {}) => {
        const { status, text } = answer(url, request);
        return { status, headers: {}, body: pieces(Buffer.from(text)) };
      },
    },
  };
}

type Answer = (state: EtcdState, body: Record<string, unknown>) => { status: number; text: string };

const answers: Readonly<Record<string, Answer>> = {
  'maintenance/status': ({ database }) => ({ status: 200, text: `{"version":"3.7.0","dbSize":"${database.length}"}` }),
  'cluster/member/list': ({ members }) => ({
    status: 200,
    text: JSON.stringify({ header: { member_id: members[0]?.ID }, members }),
  }),
  'cluster/member/update': ({ members }, { ID, peerURLs }) => {
    const member = members.find((candidate) => candidate.ID === ID);
    if (member === undefined) return { status: 404, text: '{"code":5, "message":"etcdserver: member not found"}' };
    member.peerURLs = peerURLs as string[];
    return { status: 200, text: '{}' };
  },
  'maintenance/snapshot': ({ database, damage }) => {
    const digest = createHash('sha256').update(database).digest();
    if (damage === 'digest') digest[0] = (digest[0] ?? 0) ^ 1;
    const parts = Array.from({ length: Math.ceil(database.length / 32_768) }, (_, index) =>
      database.subarray(index * 32_768, (index + 1) * 32_768),
    );
    const blobs = [...parts, digest].map((part) =>
      JSON.stringify({ result: { blob: Buffer.from(part).toString('base64') } }),
    );
    if (damage === 'cut') return { status: 200, text: blobs.slice(0, 1).join('\n') };
    if (damage === 'error') {
      return { status: 200, text: `${blobs[0]}\n{"error":{"code":14, "message":"etcdserver: leader changed"}}\n` };
    }
    return { status: 200, text: `${blobs.join('\n')}\n` };
  },
};

/** As a network delivers it: at places that mean nothing. */
async function* pieces(bytes: Buffer): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007);
}
