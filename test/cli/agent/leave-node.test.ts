import assert from 'node:assert/strict';
import test from 'node:test';
import { defaultSettings } from '../../../src/agent/settings/settings.ts';
import { leaveNode } from '../../../src/cli/agent/leave-node.ts';
import type { Host, HttpRequest, HttpResponse } from '../../../src/host/host.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

const kubeconfig = `apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: k, user: u}}]
clusters: [{name: k, cluster: {server: "https://api:6443"}}]
users: [{name: u, user: {token: t}}]
`;

function doorsOf(answer: () => Promise<HttpResponse>) {
  const asked: { readonly url: string; readonly method: string | undefined; readonly body: unknown }[] = [];
  const request = (url: string, { method, body }: HttpRequest = {}) => {
    asked.push({ url, method, body: JSON.parse(String(body)) });
    return answer();
  };
  const host = Object.assign(new MemoryHost({ '/kubelet.conf': kubeconfig }), { request }) as unknown as Host;
  const settings = { ...defaultSettings, nodeName: 'cp', nodeIPs: [] };
  return { asked, doors: { host, log: recordingLog(), settings } };
}

test('an agent that ends leaves a Node with room for its static pods alone', async () => {
  const { asked, doors } = doorsOf(async () => ({ status: 200, headers: {}, body: Buffer.from('{}') }));
  await leaveNode(doors, '/kubelet.conf', 4);
  assert.deepEqual(
    asked.map(({ url, method, body }) => [url.split('?')[0], method, body]),
    [
      [
        'https://api:6443/api/v1/nodes/cp/status',
        'PATCH',
        { status: { capacity: { pods: '4' }, allocatable: { pods: '4' } } },
      ],
    ],
  );
});

test('an API server that is not there, or a kubeconfig that is gone, keeps no agent from ending', async () => {
  const { doors } = doorsOf(() => Promise.reject(new Error('connection refused')));
  await leaveNode(doors, '/kubelet.conf', 4);
  await leaveNode(doors, '/gone.conf', 4);
});
