import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeze } from '../../../src/rollout/change-over/freeze.ts';

const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const rest = '00000000:00000000 00:00000000 00000000     0        0';

/** 6443 is 192B. */
const tcp = `${header}   0: 0100007F:192B 0100007F:C001 01 ${rest} 11 1
   1: 0100007F:192B 0100007F:C002 01 ${rest} 99 1
   2: 0100007F:C001 0100007F:192B 01 ${rest} 12 1
`;
const tcp6 = `${header}   0: 00000000000000000000000000000000:192B 00000000000000000000000000000000:0000 0A ${rest} 10 1
   1: 0000000000000000FFFF00000400000A:192B 0000000000000000FFFF00000900000A:D431 01 ${rest} 13 1
   2: 000080FE000000000000000001000000:192B 000080FE000000000000000002000000:D432 01 ${rest} 14 1
   3: 0000000000000000FFFF00000400000A:192B 0000000000000000FFFF00000900000A:D433 06 ${rest} 0 1
`;

function machine(code = 0) {
  const scripts: string[] = [];
  const descriptors: Readonly<Record<string, string>> = {
    3: 'socket:[10]',
    4: 'socket:[11]',
    5: 'socket:[13]',
    6: 'socket:[14]',
    7: '/dev/null',
  };
  return {
    scripts,
    host: {
      readText: async (path: string) => ({ '/proc/net/tcp': tcp, '/proc/net/tcp6': tcp6 })[path],
      list: async (path: string) => (path === '/proc/7/fd' ? Object.keys(descriptors) : undefined),
      readLink: async (path: string) => descriptors[path.split('/').at(-1) ?? ''],
      run: async (_command: string, _args: readonly string[], options?: { readonly input?: string | Uint8Array }) => {
        scripts.push(String(options?.input));
        return { code, stdout: '', stderr: code === 0 ? '' : 'Operation not permitted (you must be root)\nmore' };
      },
    },
  };
}

test('drops what the peers of the old one’s own established connections send, for 3 s at most', async () => {
  const { host, scripts } = machine();
  const { connections } = await freeze(host, { nft: 'nft', pid: 7, port: 6443 });
  assert.equal(connections, 3);
  const [script = ''] = scripts;
  assert.match(script, /elements = \{ 127\.0\.0\.1 \. 49153 \. 127\.0\.0\.1, 10\.0\.0\.9 \. 54321 \. 10\.0\.0\.4 \}/);
  assert.match(script, /elements = \{ fe80:0:0:0:0:0:0:2 \. 54322 \. fe80:0:0:0:0:0:0:1 \}/);
  assert.equal(script.match(/timeout 3s/g)?.length, 2);
  // Another's connection to the same port, such as one to the new instance.
  assert.doesNotMatch(script, /49154/);
});

test('leaves no table behind', async () => {
  const { host, scripts } = machine();
  const frozen = await freeze(host, { nft: 'nft', pid: 7, port: 6443 });
  await frozen.thaw();
  assert.equal(scripts[1], 'table inet kube_bootstrap_6443\ndelete table inet kube_bootstrap_6443\n');
});

test('asks nft for nothing where there is no connection to hold back', async () => {
  const { host, scripts } = machine();
  const frozen = await freeze(host, { nft: 'nft', pid: 8, port: 6443 });
  await frozen.thaw();
  assert.deepEqual(scripts, []);
});

test('says in one line why it is not allowed to', async () => {
  const { host } = machine(1);
  await assert.rejects(
    freeze(host, { nft: 'nft', pid: 7, port: 6443 }),
    /Operation not permitted \(you must be root\)$/,
  );
});
