import { join } from 'node:path';
import { OperationError } from '../../base/errors.ts';
import type { HostFiles } from '../../host/host.ts';
import type { ContainerSecurity } from '../runtime.ts';

/** As whom a program runs; `undefined` where the agent's own user stays. */
export type RunAs = { readonly uid: number; readonly gid: number; readonly groups: readonly number[] };

export type UserDatabase = { readonly passwd: string; readonly group: string };

/** The image's /etc/passwd and /etc/group; empty where it has none. */
export async function readUserDatabase(files: Pick<HostFiles, 'readText'>, rootfs: string): Promise<UserDatabase> {
  const [passwd = '', group = ''] = await Promise.all([
    files.readText(join(rootfs, 'etc/passwd')),
    files.readText(join(rootfs, 'etc/group')),
  ]);
  return { passwd, group };
}

/**
 * As whom a program runs when we are root: the pod's runAsUser, else the image's user, names looked up in the image
 * (as runc libcontainer/user); undefined when that is plain root. Throws OperationError for a name nobody knows.
 */
export function planUser(
  imageUser: string,
  security: Pick<ContainerSecurity, 'runAsUser' | 'runAsGroup' | 'supplementalGroups'>,
  database: UserDatabase,
): RunAs | undefined {
  const [userWord = '', groupWord] = imageUser.split(':');
  const word = security.runAsUser?.toString() ?? userWord;
  const account = accountOf(word, database);
  const imageGroup = security.runAsUser === undefined && groupWord ? groupOf(groupWord, database) : undefined;
  const gid = security.runAsGroup ?? imageGroup ?? account.gid;
  const groups = [...new Set([...security.supplementalGroups, ...membershipsOf(account.name, database)])];
  if (account.uid === 0 && gid === 0 && groups.length === 0) return undefined;
  return { uid: account.uid, gid, groups: groups.sort((a, b) => a - b) };
}

function accountOf(word: string, { passwd }: UserDatabase): { name: string; uid: number; gid: number } {
  if (word === '') return { name: '', uid: 0, gid: 0 };
  for (const [name = '', , uid = '', gid = ''] of rowsOf(passwd)) {
    if (name === word || uid === word) return { name, uid: Number(uid), gid: Number(gid) };
  }
  if (/^\d+$/.test(word)) return { name: '', uid: Number(word), gid: 0 };
  throw new OperationError(`the image's user ${word} is not in its /etc/passwd`, { hint: 'set runAsUser' });
}

function groupOf(word: string, { group }: UserDatabase): number {
  if (/^\d+$/.test(word)) return Number(word);
  const row = rowsOf(group).find(([name]) => name === word);
  if (row === undefined) throw new OperationError(`the image's group ${word} is not in its /etc/group`);
  return Number(row[2]);
}

function membershipsOf(name: string, { group }: UserDatabase): readonly number[] {
  if (name === '' || name === 'root') return [];
  return rowsOf(group).flatMap(([, , gid = '', members = '']) =>
    members.split(',').includes(name) ? [Number(gid)] : [],
  );
}

function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((row) => row.length >= 3);
}
