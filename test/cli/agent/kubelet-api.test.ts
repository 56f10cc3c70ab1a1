import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { AgentMetrics } from '../../../src/agent/metrics/agent-metrics.ts';
import { defaultSettings } from '../../../src/agent/settings/settings.ts';
import { type KubeletApiParts, openKubeletApi } from '../../../src/cli/agent/kubelet-api.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { FakeRuntime } from '../../fakes/fake-runtime.ts';
import { aKubeClient, anAgentStatus } from '../../fakes/init-context.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { type Authority, anAuthority } from '../../fakes/tls-parties.ts';

const directory = mkdtempSync(join(tmpdir(), 'kubelet-api-'));
after(() => rmSync(directory, { recursive: true }));
const clientCAFile = join(directory, 'ca.crt');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function someParts(authority: Authority, kubeletPort?: number) {
  const clock = new FakeClock(Date.now());
  const log = recordingLog();
  let listener = () => {};
  const serving = { shown: authority.issue('node1', { usage: 'serverAuth' }) };
  const port = kubeletPort ?? (await freePort());
  const settings = { ...defaultSettings, nodeName: 'node1', nodeIPs: [], address: '127.0.0.1', clientCAFile };
  const createObject: ReturnType<typeof aKubeClient>['createObject'] = async (_path, object) => ({
    ...object,
    status: { allowed: true },
  });
  const parts: KubeletApiParts = {
    host: nodeHost,
    clock,
    log,
    paths: pathsOf(directory),
    settings: { ...settings, kubeletPort: port },
    metrics: new AgentMetrics(clock),
    view: {
      status: () => anAgentStatus([]),
      looked: async () => {},
      look: async () => {},
      requests: () => assert.fail('nothing is asked for'),
      stop: () => {},
      metrics: async () => '',
      unhealthy: () => undefined,
    },
    agent: { seen: () => ({}) },
    runtime: new FakeRuntime(clock),
    api: { client: () => aKubeClient({ createObject }) },
    serving: {
      current: () => serving.shown,
      onChange: (called) => {
        listener = called;
        return () => {};
      },
    },
    mirrorUid: () => undefined,
  };
  const ask = async (by: Authority, ca: Authority = authority) => {
    const { certificate, key } = by.issue('admin');
    const options = { ca: ca.certificate, clientCertificate: certificate, clientKey: key };
    return (await nodeHost.request(`https://127.0.0.1:${port}/metrics/probes`, options)).status;
  };
  const change = (shown: typeof serving.shown) => {
    serving.shown = shown;
    listener();
  };
  return { parts, clock, log, port, ask, change };
}

test('another file of authorities counts within a minute, another certificate at once', async () => {
  const [first, second] = [anAuthority('first'), anAuthority('second')];
  writeFileSync(clientCAFile, first.certificate);
  const { parts, clock, ask, change } = await someParts(first);
  const ports = await openKubeletApi(parts);
  assert.deepEqual(ports.problems, []);
  assert.deepEqual([await ask(first), await ask(second)], [200, 401]);
  writeFileSync(clientCAFile, second.certificate);
  await clock.advance(60_000);
  await settled(async () => (await ask(second)) === 200);
  assert.equal(await ask(first), 401);
  change(second.issue('node1', { usage: 'serverAuth' }));
  assert.equal(await ask(second, second), 200);
  await ports.close();
});

test('a certificate or authority of no use changes nothing but a warning', async () => {
  const authority = anAuthority();
  writeFileSync(clientCAFile, authority.certificate);
  const { parts, ask, change, log } = await someParts(authority);
  const ports = await openKubeletApi(parts);
  change({ certificate: 'half', key: 'written' });
  assert.equal(await ask(authority), 200);
  assert.match(log.warnings.join(), /goes on with its former certificates/);
  await ports.close();
});

test('a port that is taken, or a certificate of no use, is a problem that is told and nothing more', async () => {
  const authority = anAuthority();
  const { parts, port } = await someParts(authority);
  const ports = await openKubeletApi(parts);
  const second = await openKubeletApi({ ...(await someParts(authority, port)).parts });
  assert.match(second.problems.join(), /the kubelet's API is not served: .*EADDRINUSE/);
  await Promise.all([ports.close(), second.close()]);
  const serving = { current: () => ({ certificate: 'no', key: 'no' }), onChange: () => () => {} };
  const broken = await openKubeletApi({ ...(await someParts(authority)).parts, serving });
  assert.match(broken.problems.join(), /the kubelet's API is not served/);
});

test('without its file of authorities certificates tell nobody, which is said', async () => {
  rmSync(clientCAFile, { force: true });
  const authority = anAuthority();
  const { parts, ask, log } = await someParts(authority);
  const ports = await openKubeletApi(parts);
  assert.equal(await ask(authority), 401);
  assert.match(log.warnings.join(), /takes no client certificates: .*ca.crt cannot be read/);
  await ports.close();
});

async function settled(holds: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 100 && !(await holds()); turn++) await new Promise((resolve) => setTimeout(resolve, 10));
}
