import { OperationError } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import { socketInodes, type TcpSocket, tcpSockets } from '../../host/tcp-sockets.ts';

/** So long what peers send is dropped at most, whatever becomes of us: TCP then sends it again. */
const atMostSeconds = 3;
const withinMs = 5_000;

type FreezeHost = Pick<Host, 'readText' | 'list' | 'readLink' | 'run'>;

export type Frozen = { readonly connections: number; readonly thaw: () => Promise<void> };

/**
 * Drops what the peers of a process's connections send, so that no request reaches it while it closes: it would answer
 * 503. The peers see a clean end, and send again to who listens then. Needs CAP_NET_ADMIN and `nft`.
 */
export async function freeze(
  host: FreezeHost,
  { nft, pid, port }: { readonly nft: string; readonly pid: number; readonly port: number },
): Promise<Frozen> {
  const own = await socketInodes(host, pid);
  const sockets = (await tcpSockets(host, port)).filter(
    ({ state, inode }) => state === 'established' && own.has(inode),
  );
  const load = async (script: string) => {
    const { code, stderr } = await host.run(nft, ['-f', '-'], { input: script, timeoutMs: withinMs });
    if (code !== 0) throw new OperationError(`nft refuses to hold back requests: ${stderr.trim().split('\n')[0]}`);
  };
  if (sockets.length === 0) return { connections: 0, thaw: async () => {} };
  await load(freezeScript(sockets, port));
  return { connections: sockets.length, thaw: () => load(removal(port)) };
}

/** What `nft -f` is given: a table of our own, whose sets empty themselves. */
function freezeScript(sockets: readonly TcpSocket[], port: number): string {
  const set = (family: 4 | 6, type: string) => {
    const elements = sockets
      .filter((socket) => socket.family === family)
      .map(({ remoteAddress, remotePort, localAddress }) => `${remoteAddress} . ${remotePort} . ${localAddress}`);
    return `  set peers${family} {
    type ${type} . inet_service . ${type}
    flags timeout
    timeout ${atMostSeconds}s
${elements.length === 0 ? '' : `    elements = { ${[...new Set(elements)].join(', ')} }\n`}  }`;
  };
  return `${removal(port)}
table inet ${tableName(port)} {
${set(4, 'ipv4_addr')}
${set(6, 'ipv6_addr')}
  chain input {
    type filter hook input priority -150; policy accept;
    tcp dport ${port} ip saddr . tcp sport . ip daddr @peers4 drop
    tcp dport ${port} ip6 saddr . tcp sport . ip6 daddr @peers6 drop
  }
}
`;
}

/** Made before it is removed: nft knows no "if it is there". */
function removal(port: number): string {
  return `table inet ${tableName(port)}\ndelete table inet ${tableName(port)}\n`;
}

function tableName(port: number): string {
  return `kube_bootstrap_${port}`;
}
