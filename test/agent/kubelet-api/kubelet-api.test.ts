import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { after, test } from 'node:test';
import { type KubeletApiDoors, serveKubeletApi } from '../../../src/agent/kubelet-api/kubelet-api.ts';
import { defaultSettings } from '../../../src/agent/settings/settings.ts';
import { silentLog } from '../../../src/base/log.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import type { HttpRequest } from '../../../src/host/host.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import type { TlsServing } from '../../../src/host/serve-tls.ts';
import type { AgentPod } from '../../../src/kube/agent-socket.ts';
import type { KubeObject } from '../../../src/kube/client.ts';
import type { ContainerStatus } from '../../../src/kube/types.ts';
import { aPod } from '../../fakes/agent-builders.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { aKubeClient, anAgentStatus } from '../../fakes/init-context.ts';
import { anAuthority } from '../../fakes/tls-parties.ts';

const authority = anAuthority();
const material = { ...authority.issue('node1', { usage: 'serverAuth' }), clientCa: authority.certificate };
const open: TlsServing[] = [];
after(() => Promise.all(open.map((serving) => serving.close())));

type Review = KubeObject & {
  readonly spec: {
    readonly token?: string;
    readonly user?: string;
    readonly resourceAttributes?: { readonly subresource: string };
  };
};

const status: ContainerStatus = {
  name: 'app',
  state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
  lastState: {},
  ready: true,
  started: true,
  restartCount: 0,
  image: '',
  imageID: '',
  containerID: 'docker://c1',
};
const web: AgentPod = { pod: { ...aPod(), status: { phase: 'Running', conditions: [], containerStatuses: [status] } } };

/** A server for pod default/web-node1. Tokens are names; `may`: `USER SUBRESOURCE` pairs that are allowed. */
async function aServer(may: readonly string[], change: Partial<KubeletApiDoors> = {}) {
  const reviews: Review[] = [];
  const clock = new FakeClock(Date.now());
  const createObject = async <T extends KubeObject>(_path: string, object: T): Promise<T> => {
    const review = object as unknown as Review;
    reviews.push(review);
    const { token, user, resourceAttributes } = review.spec;
    const known = token !== undefined && !token.startsWith('unknown');
    const told = known ? { authenticated: true, user: { username: token, groups: ['system:authenticated'] } } : {};
    const allowed = may.includes(`${user} ${resourceAttributes?.subresource}`);
    return { ...object, status: user === undefined ? told : { allowed } };
  };
  const taken: string[] = [];
  const pods = anAgentStatus([web]);
  const doors: KubeletApiDoors = {
    host: nodeHost,
    clock,
    log: silentLog,
    paths: { ...pathsOf('/nowhere'), stateDir: tmpdir() },
    nodeName: 'node1',
    settings: { ...defaultSettings, nodeName: 'node1', nodeIPs: ['192.0.2.10'] },
    client: () => aKubeClient({ createObject }),
    seen: (key) => (key === 'default/web-node1' ? { pod: web } : {}),
    mirrorUid: (key) => (key === 'default/web-node1' ? 'mirror-uid' : undefined),
    pods: () => [web],
    runtime: new FakeRuntime(clock),
    protocols: {
      remoteCommand: async ({ socket }, wanted) => {
        taken.push(JSON.stringify(wanted));
        socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n');
      },
      portForward: async ({ socket }) => void socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
    },
    view: {
      status: () => pods,
      looked: async () => {},
      metrics: async () => '# metrics\n',
      unhealthy: () => undefined,
      probeMetrics: () => 'prober_probe_total 1\n',
    },
    ...change,
  };
  const served = await serveKubeletApi(doors, { address: '127.0.0.1', port: 0 }, material);
  open.push(served);
  const ask = async (path: string, options: HttpRequest = {}) => {
    const answer = await nodeHost.request(`https://127.0.0.1:${served.port}${path}`, {
      ca: authority.certificate,
      ...options,
    });
    return { ...answer, text: Buffer.from(answer.body).toString() };
  };
  return { ask, clock, reviews, taken };
}

const token = (name: string, change: HttpRequest = {}): HttpRequest => ({
  ...change,
  headers: { ...change.headers, authorization: `Bearer ${name}` },
});
const everything = token('boss');
const bossMay = ['boss proxy', 'boss metrics', 'boss stats'];
const upgrade = { connection: 'Upgrade', upgrade: 'SPDY/3.1' };

test('nobody is anonymous, and nothing is asked about who shows nothing', async () => {
  const { ask, reviews } = await aServer(bossMay);
  for (const path of ['/healthz', '/pods', '/metrics', '/exec/a/b/c', '/nothing']) {
    const { status, text } = await ask(path);
    assert.deepEqual([status, text], [401, 'Unauthorized']);
  }
  assert.equal(reviews.length, 0);
});

test('a certificate of the client authority tells who asks, with organizations as groups', async () => {
  const { ask, reviews } = await aServer(['kube-apiserver-kubelet-client healthz']);
  const { certificate, key } = authority.issue('kube-apiserver-kubelet-client', { organizations: ['kubeadm:x'] });
  assert.equal((await ask('/healthz', { clientCertificate: certificate, clientKey: key })).text, 'ok');
  const { spec } = reviews[0] ?? {};
  assert.deepEqual(spec, {
    user: 'kube-apiserver-kubelet-client',
    groups: ['kubeadm:x', 'system:authenticated'],
    resourceAttributes: { verb: 'get', version: 'v1', resource: 'nodes', subresource: 'healthz', name: 'node1' },
  });
});

test('a token is asked about once in two minutes, also an unknown one', async () => {
  const { ask, clock, reviews } = await aServer(bossMay);
  const tokens = () => reviews.filter(({ kind }) => kind === 'TokenReview').length;
  for (const name of ['boss', 'boss', 'unknown', 'unknown']) await ask('/pods', token(name));
  assert.equal(tokens(), 2);
  assert.equal((await ask('/pods', token('unknown'))).status, 401);
  await clock.advance(120_000);
  await ask('/pods', token('boss'));
  assert.equal(tokens(), 3);
});

test('what is not allowed is 403 with who, what and on which subresources; the narrow right is enough', async () => {
  const { ask } = await aServer(['reader pods', 'metrics-server metrics']);
  const { status, text } = await ask('/configz', token('reader'));
  assert.equal(status, 403);
  assert.equal(text, 'Forbidden (user=reader, verb=get, resource=nodes, subresource(s)=[configz proxy])\n');
  assert.equal((await ask('/pods', token('reader'))).status, 200);
  assert.equal((await ask('/metrics', token('metrics-server'))).status, 200);
  assert.equal((await ask('/exec/default/web-node1/app', token('reader'))).status, 403);
});

test('without an API server tokens are refused, and certificates too unless the answer is still known', async () => {
  let down = false;
  const client = aKubeClient({
    createObject: async (_path, object) => {
      if (down) throw new Error('connection refused');
      return { ...object, status: { allowed: true } };
    },
  });
  const { ask } = await aServer([], { client: () => client });
  const { certificate, key } = authority.issue('admin');
  const admin = { clientCertificate: certificate, clientKey: key };
  assert.equal((await ask('/pods', admin)).status, 200);
  down = true;
  assert.equal((await ask('/pods', admin)).status, 200);
  const refused = await ask('/metrics', admin);
  assert.deepEqual(
    [refused.status, refused.text],
    [500, 'Authorization error (user=admin, verb=get, resource=nodes, subresource=metrics)'],
  );
  assert.equal((await ask('/pods', token('boss'))).status, 401);
  const none = await aServer([], { client: () => undefined });
  assert.equal((await none.ask('/pods', admin)).status, 500);
});

test('every path answers who may', async () => {
  const { ask } = await aServer(bossMay);
  const json = async (path: string) => JSON.parse((await ask(path, everything)).text);
  for (const path of ['/healthz', '/healthz/ping', '/healthz/syncloop'])
    assert.equal((await ask(path, everything)).text, 'ok');
  assert.equal((await json('/pods')).items[0].metadata.uid, 'uid1');
  assert.equal((await json('/runningpods/')).kind, 'PodList');
  assert.equal((await json('/configz')).kubeletconfig.authentication.anonymous.enabled, false);
  assert.equal((await json('/stats/summary')).node.nodeName, 'node1');
  assert.equal((await ask('/metrics/probes', everything)).text, 'prober_probe_total 1\n');
  assert.match((await ask('/metrics/resource', everything)).text, /^resource_scrape_error 0$/m);
  assert.equal((await ask('/nothing', everything)).status, 404);
  const wrong = await ask('/pods', { ...everything, method: 'DELETE' });
  assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'GET']);
});

test('a runtime that does not answer is told as a figure to who scrapes, and as an error to others', async () => {
  const runtime = new FakeRuntime(new FakeClock());
  const { ask } = await aServer(bossMay, { runtime });
  runtime.failNext('stats', 'engine gone', 2);
  const scraped = await ask('/metrics/resource', everything);
  assert.equal(scraped.status, 200);
  assert.match(scraped.text, /^resource_scrape_error 1$/m);
  const { status, text } = await ask('/stats/summary', everything);
  assert.deepEqual([status, text], [500, 'engine gone\n']);
});

test('what cannot be streamed is said in plain HTTP', async () => {
  const { ask } = await aServer(bossMay);
  const say = async (path: string, method = 'POST') => {
    const { status, text } = await ask(path, { ...token('boss', { headers: upgrade }), method });
    return `${status} ${text}`;
  };
  const app = '/default/web-node1/app?output=1';
  assert.equal(await say(`/exec${app}`), '400 you must specify at least one command for the container');
  assert.equal(await say('/attach/default/web-node1/app'), '400 you must specify at least 1 of stdin, stdout, stderr');
  assert.equal(await say('/attach/default/other/app?output=1'), '404 pod does not exist');
  assert.equal(await say('/attach/default/web-node1/other?output=1'), '500 container not found ("other")');
  assert.equal(await say('/portForward/default/other'), '404 pod does not exist');
  assert.equal(await say('/portForward/default/web-node1?port=0'), '400 port "0" must be between 1 and 65535');
  assert.equal(await say(`/exec${app}`, 'PUT'), '405 Method Not Allowed');
  const plain = await ask(`/exec${app}`, everything);
  assert.deepEqual([plain.status, plain.text], [400, 'Upgrade request required']);
});

test('a stream is handed over for the pod’s own UID, its mirror’s and none; another UID is no pod', async () => {
  const { ask, taken } = await aServer(bossMay);
  const say = async (uid: string) => {
    const options = { ...token('boss', { headers: upgrade }), method: 'POST' };
    return (await ask(`/attach/default/web-node1/${uid}app?input=1&output=1&error=1&tty=1`, options)).status;
  };
  for (const uid of ['', 'uid1/', 'mirror-uid/']) assert.equal(await say(uid), 101);
  assert.equal(await say('uid2/'), 404);
  assert.deepEqual(JSON.parse(taken[0] ?? ''), { stdin: true, stdout: true, stderr: false, tty: true });
});

test('logs: what is missing is said as the kubelet says it', async () => {
  const { ask } = await aServer(bossMay);
  const say = async (path: string) => {
    const { status, text } = await ask(`/containerLogs${path}`, everything);
    return `${status} ${text}`;
  };
  assert.equal(await say('/default/other/app'), '404 pod "other" does not exist');
  assert.equal(await say('/default/web-node1/other'), '404 container "other" not found in pod "web-node1"');
  assert.equal(await say('/default/web-node1/app?tailLines=x'), '400 {"message": "Unable to decode query."}');
  assert.equal(
    await say('/default/web-node1/app?previous=true'),
    '400 previous terminated container "app" in pod "web-node1" not found',
  );
});
