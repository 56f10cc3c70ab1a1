import { eventually } from '../command.ts';
import { asAdmin } from './proof.ts';
import type { World } from './world.ts';

const core = '/api/v1/namespaces/default';

/** What the proofs need in the two clusters: a service account, a kubelet with a pod on it, an aggregated API. */
export async function createObjects(world: World): Promise<void> {
  const { ports, web, otherWeb } = world;
  for (const port of [ports.api, ports.otherApi]) {
    const create = creator(world, port);
    await create(`${core}/serviceaccounts`, { kind: 'ServiceAccount', metadata: { name: 'proof' } });
    await node(world, { port, name: 'first', kubelet: web.port });
    await node(world, { port, name: 'second', kubelet: otherWeb.port });
  }
  const create = creator(world, ports.api);
  const service = { type: 'ExternalName', externalName: 'localhost', ports: [{ port: web.port }] };
  await create(`${core}/services`, { kind: 'Service', metadata: { name: 'proof' }, spec: service });
  const spec = {
    ...{ group: 'proof.example', version: 'v1', groupPriorityMinimum: 1000, versionPriority: 10 },
    insecureSkipTLSVerify: true,
    service: { namespace: 'default', name: 'proof', port: web.port },
  };
  const apiService = {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.proof.example' },
    spec,
  };
  await create('/apis/apiregistration.k8s.io/v1/apiservices', apiService);
  await eventually('the aggregated API is available', async () => {
    const { status } = await asAdmin(world, ports.api)('GET', '/apis/proof.example/v1/things');
    return status === 200 || undefined;
  });
}

function creator(world: World, port: number) {
  return async (path: string, object: Readonly<Record<string, unknown>>) => {
    const { status, text } = await asAdmin(world, port)('POST', path, { apiVersion: 'v1', ...object });
    if (status !== 201) throw new Error(`${path}: ${text}`);
  };
}

/** A node whose kubelet is at this port, with one pod. */
async function node(
  world: World,
  { port, name, kubelet }: { readonly port: number; readonly name: string; readonly kubelet: number },
): Promise<void> {
  const create = creator(world, port);
  await create('/api/v1/nodes', { kind: 'Node', metadata: { name } });
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubelet } },
  };
  const patch = { headers: { 'content-type': 'application/merge-patch+json' } };
  const patched = await asAdmin(world, port)('PATCH', `/api/v1/nodes/${name}/status`, { status }, patch);
  if (patched.status !== 200) throw new Error(patched.text);
  const spec = { nodeName: name, containers: [{ name: 'a', image: 'a' }] };
  await create(`${core}/pods`, { kind: 'Pod', metadata: { name: `on-${name}` }, spec });
}
