import { messageOf, OperationError } from '../../base/errors.ts';
import { connectSocket } from '../../host/connect-local.ts';
import { dialSpdy, type SpdyConnection } from '../../streaming/dial-spdy.ts';
import type { CriContext } from './context.ts';

type Asked = {
  /** Begins the error's text, such as `cannot run sh in container 0123`. */
  readonly what: string;
  /** Where the runtime has it ready, as it answered Exec, Attach or PortForward. */
  readonly url: string;
  /** What is spoken there. */
  readonly protocol: string;
};

/** Connects to what the runtime's streaming server has ready; it waits a minute for that, once. */
export async function dialStreamingServer(
  { clock }: Pick<CriContext, 'clock'>,
  { what, url: text, protocol }: Asked,
): Promise<SpdyConnection> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:') {
    throw new OperationError(`${what}: the runtime's streaming server at ${originOf(url)} does not speak plain HTTP`, {
      hint: "turn its TLS off: it listens on the machine's loopback address by default (containerd: enable_tls_streaming, CRI-O: stream_enable_tls)",
    });
  }
  try {
    const socket = await connectSocket(url.hostname.replace(/^\[(.*)\]$/, '$1'), Number(url.port || 80));
    return await dialSpdy(socket, { url, protocol }, clock);
  } catch (thrown) {
    throw new OperationError(`${what}: by the runtime's streaming server at ${url.host}: ${messageOf(thrown)}`);
  }
}

/** Not the path: whoever knows it can have the stream. */
function originOf(url: URL | undefined): string {
  return url === undefined ? 'no address' : `${url.protocol}//${url.host}`;
}
