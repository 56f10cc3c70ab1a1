import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request as requestTls } from 'node:https';
import type { HttpRequest } from '../../../src/host/host.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import { program } from '../../components/locations.ts';
import { eventually } from './command.ts';
import type { Plane } from './plane.ts';

export const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.66.1';

type Fields = Readonly<Record<string, unknown>>;

/** Writes a static pod on the host network and waits until its mirror is ready. */
export async function startPod(plane: Plane, name: string, fields: Fields): Promise<void> {
  const spec = { hostNetwork: true, terminationGracePeriodSeconds: 1, ...fields };
  writeFileSync(plane.manifest(name), JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }));
  await eventually(`the mirror of ${name} is ready`, async () => {
    const { stdout } = await plane.kubectl(['get', 'pod', `${name}-node1`, '-o', 'json']);
    const { conditions } = JSON.parse(stdout).status;
    return (
      conditions.some((condition: Fields) => condition.type === 'Ready' && condition.status === 'True') || undefined
    );
  });
}

/** A container of upstream's test image that runs this script. */
export function shell(name: string, script: string, change: Fields = {}): Fields {
  return { name, image: agnhost, command: ['/bin/sh', '-c', script], ...change };
}

/** Asks the kubelet's API itself, as the API server and metrics-server do. */
export async function askKubelet(plane: Plane, path: string, options: HttpRequest = {}) {
  const answer = await nodeHost.request(`https://127.0.0.1:${plane.ports.kubeletApi}${path}`, {
    ca: false,
    ...options,
  });
  return { status: answer.status, text: Buffer.from(answer.body).toString() };
}

/** The certificate that the API server shows. */
export function asApiServer(plane: Plane): HttpRequest {
  const read = (kind: string) =>
    readFileSync(plane.path(`etc/kubernetes/pki/apiserver-kubelet-client.${kind}`), 'utf8');
  return { clientCertificate: read('crt'), clientKey: read('key') };
}

/** The status of a request to stream, which needs the connection itself. */
export function upgradeStatus(plane: Plane, path: string): Promise<number | undefined> {
  const { clientCertificate: cert, clientKey: key } = asApiServer(plane);
  const headers = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v4.channel.k8s.io' };
  const where = { host: '127.0.0.1', port: plane.ports.kubeletApi, path, method: 'POST', headers };
  return new Promise((resolve, reject) => {
    const request = requestTls({ ...where, cert, key, rejectUnauthorized: false });
    request.on('upgrade', ({ statusCode }, socket) => {
      socket.destroy();
      resolve(statusCode);
    });
    request.on('response', ({ statusCode }) => resolve(statusCode));
    request.on('error', reject);
    request.end();
  });
}

/** A kubectl that goes on until it is stopped; what it has said so far. */
export function kubectlRunning(plane: Plane, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(program('kubectl'), ['--kubeconfig', plane.path('etc/kubernetes/admin.conf'), ...args], {
    env: { ...process.env, KUBECACHEDIR: plane.path('kubectl-cache'), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data: Buffer) => {
      said += data.toString();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    said: () => said,
    type: (text: string) => void child.stdin.write(text),
    ended,
    stop: () => {
      child.kill();
      return ended;
    },
  };
}

export type Transport = { readonly name: string; readonly env: Readonly<Record<string, string>> };

/** kubectl's two ways to stream: WebSocket, and SPDY as it did before 1.30. */
export const transports: readonly Transport[] = ['true', 'false'].map((on) => ({
  name: on === 'true' ? 'WebSocket' : 'SPDY',
  env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: on, KUBECTL_PORT_FORWARD_WEBSOCKETS: on },
}));

/** What metrics-server may do (its own manifest has no more of nodes). */
export const metricsServerRole = `
apiVersion: v1
kind: ServiceAccount
metadata: {name: metrics-server, namespace: kube-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: system:metrics-server}
rules: [{apiGroups: [''], resources: [nodes/metrics], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: system:metrics-server}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:metrics-server}
subjects: [{kind: ServiceAccount, name: metrics-server, namespace: kube-system}]
`;
