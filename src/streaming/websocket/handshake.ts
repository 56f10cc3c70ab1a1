import { sha1Base64 } from '../../base/hash.ts';
import { listOf, refuse, switchProtocols, type Upgraded } from '../upgraded.ts';

/** RFC 6455, 1.3. */
const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * Answers a WebSocket request with the first of its subprotocols that is known; one that names none gets `''` where that
 * is known. Undefined when it was refused.
 */
export function acceptWebSocket(upgraded: Upgraded, known: readonly string[]): string | undefined {
  const { headers, method } = upgraded;
  const key = headers['sec-websocket-key'];
  if (method !== 'GET' || headers['sec-websocket-version'] !== '13' || key === undefined || key === '') {
    const text =
      'unable to upgrade: a WebSocket is asked for by GET with Sec-WebSocket-Key and Sec-WebSocket-Version 13';
    refuse(upgraded, 400, { text, headers: { 'sec-websocket-version': '13' } });
    return undefined;
  }
  const asked = listOf(headers['sec-websocket-protocol']);
  const protocol = asked.length === 0 ? known.find((name) => name === '') : asked.find((name) => known.includes(name));
  if (protocol === undefined) {
    const text = `unable to upgrade: subprotocol ${asked.join(', ') || '(none)'} is not known; known are ${known.join(', ')}`;
    refuse(upgraded, 403, { text });
    return undefined;
  }
  switchProtocols(upgraded, {
    upgrade: 'websocket',
    'sec-websocket-accept': sha1Base64(key + magic),
    ...(protocol === '' ? {} : { 'sec-websocket-protocol': protocol }),
  });
  return protocol;
}
