/** What the other side sent breaks the protocol: its connection is ended, nothing else. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
