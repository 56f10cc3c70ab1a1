import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steeringProgram } from '../../../src/rollout/change-over/steering-program.ts';

test('sends only connections to 127.0.0.7 and ::1 to the one that has joined', () => {
  const program = steeringProgram({ privately: 1, others: 0 });
  assert.equal(run(program, ipv4('127.0.0.7')), 1);
  assert.equal(run(program, ipv6('00000000000000000000000000000001')), 1);
  for (const other of [ipv4('127.0.0.1'), ipv4('10.0.0.7'), ipv6('00000000000000000000000000000002')])
    assert.equal(run(program, other), 0);
  // Each of the four words counts.
  for (const word of [0, 8, 16]) {
    const address = `${'0'.repeat(word)}00000001${'0'.repeat(16 - word)}00000001`;
    assert.equal(run(program, ipv6(address)), 0);
  }
});

test('sends everybody to the same when both places are', () => {
  for (const place of [0, 1] as const) {
    const program = steeringProgram({ privately: place, others: place });
    for (const packet of [ipv4('127.0.0.7'), ipv4('192.168.1.1'), ipv6('fe80000000000000000000000000abcd')])
      assert.equal(run(program, packet), place);
  }
});

test('looks at no packet of another version', () => {
  assert.equal(run(steeringProgram({ privately: 1, others: 0 }), Buffer.alloc(40)), 0);
});

function ipv4(destination: string): Buffer {
  const packet = Buffer.alloc(20);
  packet[0] = 0x45;
  Buffer.from(destination.split('.').map(Number)).copy(packet, 16);
  return packet;
}

function ipv6(destination: string): Buffer {
  const packet = Buffer.alloc(40);
  packet[0] = 0x60;
  Buffer.from(destination, 'hex').copy(packet, 24);
  return packet;
}

/** The instructions that the program uses, as the kernel carries them out (linux/filter.h); `packet` begins at SKF_NET_OFF. */
function run(program: Uint8Array, packet: Buffer): number {
  const bytes = Buffer.from(program);
  let a = 0;
  for (let at = 0; at < bytes.length; at += 8) {
    const [code, k] = [bytes.readUInt16LE(at), bytes.readUInt32LE(at + 4)];
    const offset = (k | 0) + 0x100000;
    if (code === 0x30) a = packet.readUInt8(offset);
    else if (code === 0x20) {
      // A load beyond the packet ends the program with 0.
      if (offset + 4 > packet.length) return 0;
      a = packet.readUInt32BE(offset);
    } else if (code === 0x74) a >>>= k;
    else if (code === 0x15) at += 8 * bytes.readUInt8(a === k ? at + 2 : at + 3);
    else if (code === 0x06) return k;
    else throw new Error(`instruction 0x${code.toString(16)}`);
  }
  throw new Error('the program runs past its end');
}
