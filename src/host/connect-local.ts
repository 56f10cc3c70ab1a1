import * as net from 'node:net';
import { messageOf, OperationError } from '../base/errors.ts';

const loopbacks = ['127.0.0.1', '::1'];

/** A TCP connection whose sides end each on its own. Throws when nobody answers. */
export function connectSocket(address: string, port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      // It may break before anybody listens.
      socket.on('error', () => {});
      resolve(socket);
    });
  });
}

/** The same to a port of this machine's own localhost, IPv4 before IPv6. Throws OperationError when nobody listens. */
export async function connectLocally(port: number): Promise<net.Socket> {
  const problems: string[] = [];
  for (const address of loopbacks) {
    try {
      return await connectSocket(address, port);
    } catch (thrown) {
      problems.push(messageOf(thrown));
    }
  }
  throw new OperationError(`cannot connect to port ${port} of localhost: ${problems.join('; ')}`);
}
