import assert from 'node:assert/strict';
import test from 'node:test';
import { type AgentView, agentRoutes, healthzRoutes, readOnlyRoutes } from '../../src/agent/routes.ts';
import { PreflightError } from '../../src/base/errors.ts';
import { aComponentPod, anAgentStatus } from '../fakes/init-context.ts';

function view(change: Partial<AgentView> = {}): AgentView & { readonly done: string[] } {
  const done: string[] = [];
  return {
    done,
    status: () => anAgentStatus([aComponentPod('etcd')]),
    looked: async () => {},
    look: async () => void done.push('look'),
    requests: () => ({
      overlap: async ({ file, holder, forMs }) =>
        void done.push(`overlap ${file} ${holder.pid} ${holder.startTicks} ${forMs}`),
      stay: async ({ file, place, holder }) => void done.push(`stay ${file} ${place} ${holder.pid}`),
      stopOld: async (file) => void done.push(`stop-old ${file}`),
      restart: async (file) => {
        if (file === '') throw new PreflightError('no pod runs by it');
        return { replaced: [`docker://${file}`] };
      },
    }),
    stop: () => done.push('stop'),
    metrics: async () => '# metrics\n',
    unhealthy: () => undefined,
    ...change,
  };
}

const request = (path: string, method = 'GET') => ({ path, method, query: new URLSearchParams() });

test('the socket serves everything', async () => {
  const agent = view();
  const serve = agentRoutes(agent);
  const statuses = [];
  for (const path of ['/healthz', '/status', '/pods', '/metrics']) statuses.push((await serve(request(path))).status);
  for (const path of ['/look', '/stop']) statuses.push((await serve(request(path, 'POST'))).status);
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 202]);
  assert.deepEqual(agent.done, ['look', 'stop']);
});

test('the socket takes the requests of a rollout, and refuses with 409 and the reason', async () => {
  const agent = view();
  const serve = agentRoutes(agent);
  const ask = (path: string, query: Record<string, string>) =>
    serve({ path, method: 'POST', query: new URLSearchParams(query) });
  const about = { file: '/m/a.yaml', pid: '7', startTicks: '99', forMs: '1000' };
  assert.equal((await ask('/overlap', about)).status, 200);
  assert.equal((await ask('/stop-old', { file: '/m/a.yaml' })).status, 200);
  assert.deepEqual(agent.done, ['overlap /m/a.yaml 7 99 1000', 'stop-old /m/a.yaml']);
  assert.equal((await ask('/restart', { file: '/m/a.yaml' })).body, '{"replaced":["docker:///m/a.yaml"]}');
  assert.deepEqual(await ask('/restart', {}), { status: 409, body: 'no pod runs by it' });
});

test('the read-only port lets nobody change anything', async () => {
  const agent = view();
  const serve = readOnlyRoutes(agent);
  for (const path of ['/healthz', '/pods', '/metrics']) assert.equal((await serve(request(path))).status, 200);
  for (const path of ['/look', '/stop', '/status', '/overlap', '/stop-old', '/restart'])
    assert.equal((await serve(request(path, 'POST'))).status, 404);
  assert.equal((await serve(request('/status'))).status, 404);
  assert.deepEqual(agent.done, []);
});

test('the health port shows no pods', async () => {
  const serve = healthzRoutes(view());
  assert.deepEqual(await serve(request('/healthz')), { status: 200, body: 'ok' });
  assert.equal((await serve(request('/pods'))).status, 404);
  assert.equal((await serve(request('/constructor'))).status, 404);
});

test('an agent that cannot work says so with status 500, as a kubelet does', async () => {
  const agent = view({ unhealthy: () => 'the container runtime has not answered for 301 s' });
  for (const serve of [agentRoutes(agent), healthzRoutes(agent)]) {
    const { status, body } = await serve(request('/healthz'));
    assert.equal(status, 500);
    assert.match(body, /\[-\]syncloop failed: the container runtime has not answered/);
  }
});

test('/pods is a v1 PodList with status', async () => {
  const { body, contentType } = await readOnlyRoutes(view())(request('/pods'));
  const list = JSON.parse(body) as { kind: string; items: { status: { phase: string } }[] };
  assert.equal(contentType, 'application/json');
  assert.deepEqual([list.kind, list.items[0]?.status.phase], ['PodList', 'Running']);
});
