import { asksFor, listOf, refuse, switchProtocols, type Upgraded } from '../upgraded.ts';

const upgradeName = 'SPDY/3.1';
const askedHeader = 'x-stream-protocol-version';

/**
 * Answers a request for SPDY/3.1 with the first of its stream protocols that is known. Undefined when it was refused,
 * with the status and headers that client-go looks at (httpstream.Handshake).
 */
export function acceptSpdy(upgraded: Upgraded, known: readonly string[]): string | undefined {
  const { headers } = upgraded;
  if (!asksFor(upgraded, upgradeName)) {
    refuse(upgraded, 400, { text: `unable to upgrade: a WebSocket or ${upgradeName} must be asked for` });
    return undefined;
  }
  const asked = listOf(headers[askedHeader]);
  if (asked.length === 0) {
    refuse(upgraded, 400, { text: 'unable to upgrade: X-Stream-Protocol-Version header is required' });
    return undefined;
  }
  const protocol = asked.find((name) => known.includes(name));
  if (protocol === undefined) {
    const text = `unable to upgrade: the client speaks ${asked.join(', ')}, the server ${known.join(', ')}`;
    refuse(upgraded, 403, { text, headers: { 'x-accepted-stream-protocol-versions': known.join(', ') } });
    return undefined;
  }
  switchProtocols(upgraded, { upgrade: upgradeName, [askedHeader]: protocol });
  return protocol;
}
