import type { EtcdClient } from './client.ts';

export type Member = {
  /** A number of 64 bits in decimals. */
  readonly id: string;
  /** Empty until the member has started for the first time. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
};

type MemberList = {
  readonly header: { readonly member_id: string };
  readonly members: readonly {
    readonly ID: string;
    readonly name?: string;
    readonly peerURLs?: readonly string[];
    readonly clientURLs?: readonly string[];
  }[];
};

/** All members as the cluster knows them, and the id of the one that answered. Needs a leader. */
export async function listMembers(
  client: EtcdClient,
): Promise<{ readonly self: string; readonly members: readonly Member[] }> {
  const { header, members } = await client.call<MemberList>('cluster/member/list', { linearizable: true });
  return {
    self: header.member_id,
    members: members.map(({ ID: id, name = '', peerURLs: peerUrls = [], clientURLs: clientUrls = [] }) => {
      return { id, name, peerUrls, clientUrls };
    }),
  };
}

/** Tells the cluster where a member is found by the others. Needs a leader; changes nothing of the member itself. */
export async function updatePeerUrls(client: EtcdClient, id: string, peerUrls: readonly string[]): Promise<void> {
  await client.call('cluster/member/update', { ID: id, peerURLs: peerUrls });
}
