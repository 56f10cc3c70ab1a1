import { dirname } from 'node:path';
import { OperationError } from '../base/errors.ts';
import { sha256Stream } from '../base/hash.ts';
import type { HostFiles } from '../host/host.ts';
import type { EtcdClient } from './client.ts';

/** Of the database alone. */
export type Snapshot = { readonly bytes: number; readonly sha256: string };

/** The SHA-256 of the database stands behind it (etcd api/v3rpc/maintenance.go). */
const digestLength = 32;
const readAtOnce = 1 << 20;

type StatusAnswer = { readonly version: string; readonly dbSize: string };
type SnapshotAnswer = { readonly blob?: string };

/**
 * Writes the database of the member as it is at this moment into `file` (0600, at once or not at all), in the form of
 * `etcdctl snapshot save`. Fails before it begins when the disk has no room, and leaves nothing when the sum is wrong.
 */
export async function saveSnapshot(
  host: Pick<HostFiles, 'writeStream' | 'freeBytes'>,
  client: EtcdClient,
  file: string,
): Promise<Snapshot> {
  const { dbSize } = await client.call<StatusAnswer>('maintenance/status');
  const [free, needed] = [await host.freeBytes(dirname(file)), Number(dbSize) * 1.1];
  if (free < needed) {
    const [has, needs] = [Math.floor(free / 2 ** 20), Math.ceil(needed / 2 ** 20)];
    throw new OperationError(`${dirname(file)} has ${has} MiB left, a snapshot of etcd needs ${needs} MiB`);
  }
  const check = digestCheck();
  await host.writeStream(file, checked(client, check), { mode: 0o600 });
  return check.end();
}

/** Reads a snapshot again and compares it with the sum behind it. Throws in words when it is none or damaged. */
export async function verifySnapshot(host: Pick<HostFiles, 'readPart'>, file: string): Promise<Snapshot> {
  const check = digestCheck();
  for (let offset = 0; ; ) {
    const part = await host.readPart(file, offset, readAtOnce);
    if (part === undefined) throw new OperationError(`${file} is not there`);
    if (part.data.length === 0) break;
    check.add(part.data);
    offset += part.data.length;
  }
  try {
    return check.end();
  } catch (thrown) {
    throw new OperationError(`${file} is no sound snapshot`, { cause: thrown });
  }
}

async function* checked(client: EtcdClient, check: DigestCheck): AsyncIterable<Uint8Array> {
  for await (const { blob = '' } of client.stream<SnapshotAnswer>('maintenance/snapshot')) {
    const bytes = Buffer.from(blob, 'base64');
    check.add(bytes);
    yield bytes;
  }
  check.end();
}

type DigestCheck = { readonly add: (data: Uint8Array) => void; readonly end: () => Snapshot };

/** Sums up all but the last 32 bytes, which must be the sum. `end` may be asked more than once. */
function digestCheck(): DigestCheck {
  const sum = sha256Stream();
  let held = Buffer.alloc(0);
  let bytes = 0;
  let ended: Snapshot | undefined;
  const add = (data: Uint8Array) => {
    const all = Buffer.concat([held, data]);
    const known = Math.max(0, all.length - digestLength);
    sum.add(all.subarray(0, known));
    bytes += known;
    held = Buffer.from(all.subarray(known));
  };
  const end = () => {
    if (ended !== undefined) return ended;
    if (held.length < digestLength || bytes === 0) throw new OperationError('it ends too early');
    const digest = Buffer.from(sum.digest());
    if (!digest.equals(held)) throw new OperationError('its SHA-256 is not the one that etcd sent with it');
    ended = { bytes, sha256: digest.toString('hex') };
    return ended;
  };
  return { add, end };
}
