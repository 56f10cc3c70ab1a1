import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { ApiState } from '../../../src/agent/api/agent-api.ts';
import { ServingCertificateKeeper } from '../../../src/agent/credentials/serving-certificate.ts';
import { newNode } from '../../../src/agent/node/node-object.ts';
import { certificateTools } from '../../../src/cli/agent/certificate-tools.ts';
import { FakeApi } from '../../fakes/fake-api.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { nodeFacts } from '../../fakes/node-builders.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

const dayMs = 24 * 3_600_000;
const requests = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

function setup(change: { readonly fromCluster?: boolean; readonly files?: { certificate: string; key: string } } = {}) {
  const clock = new FakeClock();
  const host = new MemoryHost();
  const server = new FakeApi();
  const api = new ApiState('node1');
  const log = recordingLog();
  const tools = certificateTools(clock);
  const over = new AbortController();
  const doors = { api, clock, log, random: () => 0.5, host, tools, certDirectory: '/pki', nodeIPs: ['192.0.2.7'] };
  const open = () =>
    ServingCertificateKeeper.open({ ...doors, files: change.files, fromCluster: change.fromCluster ?? false });
  return { clock, host, server, api, log, tools, over, open };
}

test('makes a certificate for the node’s name and addresses, private and for a year, and keeps it over restarts', async () => {
  const { host, clock, open } = setup();
  const { certificate, key } = (await open()).current();
  const read = new X509Certificate(certificate);
  assert.match(read.subject, /^CN=node1@1767225600$/);
  assert.equal(read.subjectAltName, 'DNS:node1, IP Address:192.0.2.7');
  assert.equal((await host.stat('/pki/kubelet.key'))?.mode, 0o600);
  await clock.advance(300 * dayMs);
  assert.deepEqual((await open()).current(), { certificate, key });
  await clock.advance(70 * dayMs);
  assert.notEqual((await open()).current().certificate, certificate);
});

test('an agent that runs for years has another one before the first expires', async () => {
  const { clock, over, open } = setup();
  const keeper = await open();
  const first = keeper.current().certificate;
  await clock.advance(365 * dayMs - 30_000);
  const running = keeper.run(over.signal);
  let told = 0;
  keeper.onChange(() => {
    told += 1;
  });
  for (let turn = 0; keeper.current().certificate === first && turn < 100; turn++) await clock.advance(1_000);
  assert.notEqual(keeper.current().certificate, first);
  assert.equal(told, 1);
  over.abort();
  await running;
});

test('the user’s own files are taken, and read again when they change; wrong ones are refused by name', async () => {
  const files = { certificate: '/tls/a.crt', key: '/tls/a.key' };
  const { host, clock, tools, over, open } = setup({ files });
  await assert.rejects(open(), /tlsCertFile \/tls\/a\.crt is not there/);
  const write = async (subject: string) => {
    const pair = await tools.selfSign({ commonName: subject, organizations: [], sans: ['x'] });
    await host.makeDirectory('/tls');
    await host.writeFile(files.certificate, pair.certificate);
    await host.writeFile(files.key, pair.key);
    return pair;
  };
  const first = await write('one');
  const keeper = await open();
  assert.deepEqual(keeper.current(), first);
  const running = keeper.run(over.signal);
  const second = await write('two');
  await clock.advance(61_000);
  assert.deepEqual(keeper.current(), second);
  await host.writeFile(files.key, first.key);
  await clock.advance(61_000);
  assert.deepEqual(keeper.current(), second);
  await assert.rejects(open(), /tlsCertFile \/tls\/a\.crt is no certificate of the key in \/tls\/a\.key/);
  over.abort();
  await clock.advance(0);
  await running;
});

test('one of the cluster is asked for where that is wanted; until it is approved the self-signed one serves', async () => {
  const { host, clock, server, api, tools, over, open } = setup({ fromCluster: true });
  const keeper = await open();
  const self = keeper.current();
  api.setClient(server.client());
  api.setNode(newNode(nodeFacts(), 0));
  const running = keeper.run(over.signal);
  const asked = () => [...server.objects].find(([path]) => path.startsWith(requests));
  for (let turn = 0; asked() === undefined && turn < 200; turn++) await clock.advance(10);
  const [path = '', request] = asked() ?? [];
  const { spec } = request as unknown as { spec: { signerName: string; usages: string[]; request: string } };
  assert.deepEqual(
    [spec.signerName, spec.usages],
    ['kubernetes.io/kubelet-serving', ['digital signature', 'server auth']],
  );
  assert.deepEqual(keeper.current(), self);
  const { certificate } = await tools.selfSign({ commonName: 'signed', organizations: [], sans: ['node1'] });
  server.put(path, { ...request, status: { certificate: Buffer.from(certificate).toString('base64') } });
  await clock.advance(60_000);
  assert.equal(keeper.current().certificate, certificate);
  assert.match((await host.readText('/pki/kubelet-server-current.pem')) ?? '', /BEGIN CERTIFICATE[\s\S]*PRIVATE KEY/);
  over.abort();
  await clock.advance(0);
  await running;
});
