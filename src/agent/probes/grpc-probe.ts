import { messageOf } from '../../base/errors.ts';
import { GrpcConnectError } from '../../host/grpc-call.ts';
import type { Host } from '../../host/host.ts';
import { hostPort } from '../../kube/cidr.ts';
import type { ProbeHandler } from '../../kube/types.ts';
import { decodeHealthCheckResponse, encodeHealthCheckRequest } from './health-check.ts';
import { userAgent } from './http-action.ts';
import type { ProbeOutcome } from './run-probe.ts';

const deadlineExceeded = 4;
const unimplemented = 12;

/**
 * `grpc.health.v1.Health/Check` without encryption: SERVING is a success, all else a failure, also that nobody answers or
 * that the server does not know the method (kubernetes pkg/probe/grpc/grpc.go). Never throws.
 */
export async function grpcProbe(
  host: Pick<Host, 'grpcCall'>,
  { port, service = '' }: NonNullable<ProbeHandler['grpc']>,
  address: string,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const authority = hostPort(address, port);
  try {
    const { status, details, message } = await host.grpcCall({
      authority,
      method: '/grpc.health.v1.Health/Check',
      message: encodeHealthCheckRequest(service),
      userAgent: userAgent('probe'),
      timeoutMs,
    });
    if (status !== 0) return failure(refusal(status, details, timeoutMs));
    const health = decodeHealthCheckResponse(message);
    return health === 'SERVING'
      ? { result: 'success', message: '' }
      : failure(`service unhealthy (responded with "${health}")`);
  } catch (thrown) {
    if (!(thrown instanceof GrpcConnectError)) return failure(`error: health rpc probe failed: ${messageOf(thrown)}`);
    return failure(`failed to connect service "${authority}" within ${timeoutMs / 1000}s: ${thrown.message}`);
  }
}

function refusal(status: number, details: string, timeoutMs: number): string {
  if (status === deadlineExceeded) return `timeout: health rpc did not complete within ${timeoutMs / 1000}s`;
  if (status === unimplemented) {
    return `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${details}`;
  }
  return `error: health rpc probe failed: rpc error: code = ${status} desc = ${details}`;
}

function failure(message: string): ProbeOutcome {
  return { result: 'failure', message };
}
