import { GrpcConnectError } from '../host/grpc-call.ts';
import type { HostNetwork } from '../host/host.ts';

/** A runtime that works answers such a question at once; a hung one shall not hold up the decision. */
const askTimeoutMs = 2000;
const unimplemented = 12;

/** Whether a Docker Engine answers on this socket. */
export async function answersAsDocker(host: Pick<HostNetwork, 'request'>, socketPath: string): Promise<boolean> {
  const options = { socketPath, timeoutMs: askTimeoutMs, maxBytes: 1024 };
  try {
    const { status, headers } = await host.request('http://docker/_ping', options);
    return status === 200 && headers['api-version'] !== undefined;
  } catch {
    // No socket, not ours to use, or something that speaks no HTTP: not Docker, whatever it is.
    return false;
  }
}

/** `text` is the runtime's name when it speaks CRI v1, else what is wrong with it; empty when there is nothing. */
export type CriAnswer = { readonly speaks: boolean; readonly text: string };

/**
 * Asks for CRI's `Version`, without the gRPC client: where it is only about choosing that is not worth loading. A socket
 * that cannot be connected to is nothing, whoever's it is.
 */
export async function askCri(host: Pick<HostNetwork, 'grpcCall'>, socketPath: string): Promise<CriAnswer> {
  try {
    const { status, details, message } = await host.grpcCall({
      authority: 'localhost',
      socketPath,
      method: '/runtime.v1.RuntimeService/Version',
      message: new Uint8Array(),
      userAgent: 'kube-bootstrap',
      timeoutMs: askTimeoutMs,
    });
    if (status === 0) return { speaks: true, text: runtimeName(message) };
    return { speaks: false, text: status === unimplemented ? 'speaks no CRI v1' : `answers ${details}` };
  } catch (thrown) {
    const isHung = thrown instanceof GrpcConnectError && thrown.cause === undefined;
    return { speaks: false, text: isHung ? `answers nothing within ${askTimeoutMs / 1000} s` : '' };
  }
}

/** Field 2 of VersionResponse: fields of text in order, each as tag, length and bytes (protobuf wire format). */
function runtimeName(message: Uint8Array): string {
  for (let at = 0; at + 1 < message.length; ) {
    const tag = message[at] ?? 0;
    const length = message[at + 1] ?? 0;
    const end = at + 2 + length;
    if (tag >> 3 === 2) return Buffer.from(message.subarray(at + 2, end)).toString();
    at = end;
  }
  return 'a CRI runtime';
}
