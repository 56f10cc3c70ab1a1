/**
 * Which listener of a port gets a new connection, by its place in the order in which they began to listen: 0 is the one
 * that is there, 1 the one that has joined it. A place where nobody is makes the kernel choose by itself.
 */
export type Steering = {
  /** Connections to `privateAddress`, and those to ::1: an API server that starts asks itself there. */
  readonly privately: 0 | 1;
  readonly others: 0 | 1;
};

/** Reaches the new instance while everybody else still gets the old one; every machine has it (RFC 1122, 3.2.1.3). */
export const privateAddress = '127.0.0.7';

/** Classic BPF (linux/filter.h, linux/bpf_common.h). */
const op = { loadByte: 0x30, loadWord: 0x20, shiftRight: 0x74, jumpIfEqual: 0x15, give: 0x06 } as const;
/** Loads relative to the network header begin here (SKF_NET_OFF), as the program sees only what follows the TCP header. */
const networkHeader = -0x100000;

type Instruction = {
  readonly code: number;
  /** How many instructions to skip when it is equal, and when not. */
  readonly equal?: number;
  readonly unequal?: number;
  readonly k: number;
};

/** The program for SO_ATTACH_REUSEPORT_CBPF, as the kernel takes it. */
export function steeringProgram({ privately, others }: Steering): Uint8Array {
  return assemble([
    { code: op.loadByte, k: networkHeader },
    { code: op.shiftRight, k: 4 },
    { code: op.jumpIfEqual, equal: 0, unequal: 2, k: 4 },
    // The destination of an IPv4 packet.
    { code: op.loadWord, k: networkHeader + 16 },
    { code: op.jumpIfEqual, equal: 8, unequal: 9, k: addressAsNumber(privateAddress) },
    // The destination of an IPv6 packet, in four words.
    { code: op.loadWord, k: networkHeader + 24 },
    { code: op.jumpIfEqual, equal: 0, unequal: 7, k: 0 },
    { code: op.loadWord, k: networkHeader + 28 },
    { code: op.jumpIfEqual, equal: 0, unequal: 5, k: 0 },
    { code: op.loadWord, k: networkHeader + 32 },
    { code: op.jumpIfEqual, equal: 0, unequal: 3, k: 0 },
    { code: op.loadWord, k: networkHeader + 36 },
    { code: op.jumpIfEqual, equal: 0, unequal: 1, k: 1 },
    { code: op.give, k: privately },
    { code: op.give, k: others },
  ]);
}

function addressAsNumber(address: string): number {
  return address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

/** struct sock_filter: u16 code, u8 jt, u8 jf, u32 k; in the byte order of the machines we run on. */
function assemble(instructions: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(instructions.length * 8);
  instructions.forEach(({ code, equal = 0, unequal = 0, k }, index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(equal, index * 8 + 2);
    bytes.writeUInt8(unequal, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  });
  return bytes;
}
