import type { Duplex } from 'node:stream';
import { OperationError } from '../../base/errors.ts';
import type { SpdyConnection } from '../dial-spdy.ts';

export const forwardProtocol = 'portforward.k8s.io';

const longestReason = 1024;
/** How Kubernetes' servers begin (cri-streaming portforward/httpstream.go). */
const saidAnyway = /^error forwarding port \d+ to pod \S*, uid \S*: /;

/**
 * A forwarded connection by a server that forwards the port; both sides end each on its own. Whether anybody listens is
 * found out later: then it breaks with an OperationError of the server's words.
 */
export async function callForward(connection: SpdyConnection, port: number): Promise<Duplex> {
  const headers = (streamtype: string) => new Map(Object.entries({ streamtype, port: `${port}`, requestid: '0' }));
  const error = await connection.open(headers('error'));
  error.end();
  const data = await connection.open(headers('data'));
  data.once('close', () => connection.destroy());
  const broken = readReason(error).then((reason) => (reason === '' ? undefined : new OperationError(reason)));
  data.whyReset = () => broken;
  void broken.then((why) => {
    if (why !== undefined) data.destroy(why);
  });
  return data;
}

async function readReason(error: Duplex): Promise<string> {
  let text = '';
  try {
    for await (const piece of error as AsyncIterable<Buffer>) text = (text + piece.toString()).slice(0, longestReason);
  } catch {
    // Broken off with the connection.
  }
  return text.replace(saidAnyway, '').trim();
}
