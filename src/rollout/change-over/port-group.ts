import { OperationError } from '../../base/errors.ts';
import type { HostProcesses } from '../../host/host.ts';
import { type Steering, steeringProgram } from './steering-program.ts';

/** The listeners that share a port of [::] (SO_REUSEPORT), and what is needed to join them. */
export type PortGroup = {
  readonly port: number;
  /** Only sockets of one user form a group. */
  readonly uid: number;
  /** The perl to run. */
  readonly perl: string;
};

const withinMs = 5_000;

/**
 * Node has no way to set this option. A socket joins the group for a moment, hands over the program, which stays with the
 * group, and is closed. The user counts when the socket is made. Numbers: asm-generic/socket.h, linux/in6.h.
 */
const script = `use strict; use Socket qw(:DEFAULT pack_sockaddr_in6);
my ($port, $uid, $program) = @ARGV;
my $me = $>;
if ($uid != $me) { $> = $uid; $> == $uid or die "become user $uid: $!\\n"; }
socket(my $socket, AF_INET6, SOCK_STREAM, 0) or die "socket: $!\\n";
$> = $me;
my ($yes, $no) = (pack("i", 1), pack("i", 0));
setsockopt($socket, SOL_SOCKET, 2, $yes) or die "SO_REUSEADDR: $!\\n";
setsockopt($socket, SOL_SOCKET, 15, $yes) or die "SO_REUSEPORT: $!\\n";
setsockopt($socket, 41, 26, $no) or die "IPV6_V6ONLY: $!\\n";
bind($socket, pack_sockaddr_in6($port, "\\0" x 16)) or die "bind: $!\\n";
listen($socket, 16) or die "listen: $!\\n";
if ($program eq "") { setsockopt($socket, SOL_SOCKET, 68, $no) or die "SO_DETACH_REUSEPORT_BPF: $!\\n"; exit 0; }
my $filter = pack("H*", $program);
my $fprog = pack("S x![P] P", length($filter) / 8, $filter);
setsockopt($socket, SOL_SOCKET, 51, $fprog) or die "SO_ATTACH_REUSEPORT_CBPF: $!\\n";
close($socket);
`;

/**
 * Tells the kernel which of the listeners gets new connections, `undefined`: as it likes; `OperationError` with the step
 * that it refused.
 */
export async function steer(
  host: Pick<HostProcesses, 'run'>,
  group: PortGroup,
  steering: Steering | undefined,
): Promise<void> {
  const { port, uid, perl } = group;
  const program = steering === undefined ? '' : Buffer.from(steeringProgram(steering)).toString('hex');
  const args = ['-e', script, String(port), String(uid), program];
  const { code, stderr } = await host.run(perl, args, { timeoutMs: withinMs });
  if (code === 0) return;
  const reason = stderr.trim().split('\n').at(-1) || `perl ended with ${code}`;
  throw new OperationError(`new connections to port ${port} cannot be steered: ${reason}`);
}
