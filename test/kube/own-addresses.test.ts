import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lostAddress, lostAddressText } from '../../src/kube/own-addresses.ts';

type Own = readonly (readonly [name: string, address: string])[];

async function said(own: Own, address: string, route?: string): Promise<string | undefined> {
  const host = {
    addresses: () =>
      own.map(([name, text]) => ({
        name,
        address: text,
        family: text.includes(':') ? (6 as const) : (4 as const),
        loopback: name === 'lo',
      })),
    defaultInterface: async () => route,
  };
  const lost = await lostAddress(host, address);
  return lost && lostAddressText(lost);
}

const gone = '192.0.2.10 is no address of this machine any more';

describe('an address of this machine', () => {
  it('is not lost while any interface has it, nor is localhost or a name', async () => {
    assert.equal(await said([['eth1', '192.0.2.10']], '192.0.2.10', 'eth0'), undefined);
    assert.equal(await said([['eth0', 'fd00:0:0::10']], 'fd00::10'), undefined);
    assert.equal(await said([], '127.0.0.1'), undefined);
    assert.equal(await said([], 'master.example.org'), undefined);
  });

  it('is replaced by that of the default route’s interface, of its own family', async () => {
    const own: Own = [
      ['docker0', '172.17.0.1'],
      ['eth0', 'fd00::77'],
      ['eth0', '192.0.2.77'],
    ];
    assert.equal(await said(own, '192.0.2.10', 'eth0'), `${gone}; it has 192.0.2.77 (eth0)`);
    assert.equal(
      await said(own, 'fd00::10', 'eth0'),
      'fd00::10 is no address of this machine any more; it has fd00::77 (eth0)',
    );
  });

  it('is replaced without a default route by the only one, but not by one of several', async () => {
    const only: Own = [
      ['lo', '127.0.0.1'],
      ['eth0', '192.0.2.77'],
    ];
    assert.equal(await said(only, '192.0.2.10'), `${gone}; it has 192.0.2.77 (eth0)`);
    const unclear = `${gone}, and which one takes its place is not clear`;
    assert.equal(await said([...only, ['docker0', '172.17.0.1']], '192.0.2.10'), unclear);
    assert.equal(await said(only, '192.0.2.10', 'eth1'), unclear);
  });
});
