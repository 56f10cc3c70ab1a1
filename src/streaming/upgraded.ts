import type { Duplex } from 'node:stream';
import type { Clock } from '../base/clock.ts';

/** A request that asks for another protocol, with its socket, on which nothing has been answered yet. */
export type Upgraded = {
  readonly method: string;
  /** Names in lower case, several values of a name joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly socket: Duplex;
  /** What came right after the request. */
  readonly head: Uint8Array;
};

export type StreamingDoors = {
  readonly clock: Clock;
  /** A connection on which nothing moves is ended; the kubelet's streamingConnectionIdleTimeout, 4 h when not given. */
  readonly idleMs?: number;
  /** How long a client may take to open the streams that it asked for; 30 s when not given. */
  readonly creationMs?: number;
};

const reasons = { 400: 'Bad Request', 403: 'Forbidden' } as const;

/** 101, after which the socket speaks the other protocol. */
export function switchProtocols({ socket }: Upgraded, headers: Readonly<Record<string, string>>): void {
  socket.write(answerHead('101 Switching Protocols', { connection: 'Upgrade', ...headers }));
}

/** Answers with an error, which clients show, and closes. */
export function refuse(
  { socket }: Upgraded,
  status: keyof typeof reasons,
  { text, headers = {} }: { readonly text: string; readonly headers?: Readonly<Record<string, string>> },
): void {
  const body = `${text}\n`;
  const all = {
    connection: 'close',
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  };
  socket.on('error', () => {});
  socket.end(answerHead(`${status} ${reasons[status]}`, all) + body);
  // What the client sends on is dropped, so that its end is seen.
  socket.resume();
}

/** The words of a header that is a list. */
export function listOf(header: string | undefined): readonly string[] {
  const words = (header ?? '').split(',').map((word) => word.trim());
  return words.filter((word) => word !== '');
}

/** Whether the client asks for this protocol by name, in whatever case. */
export function asksFor({ headers }: Upgraded, protocol: string): boolean {
  const isUpgrade = listOf(headers.connection).some((word) => word.toLowerCase() === 'upgrade');
  return isUpgrade && listOf(headers.upgrade).some((word) => word.toLowerCase() === protocol.toLowerCase());
}

function answerHead(status: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`;
}
