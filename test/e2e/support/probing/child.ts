/** The probing clients, in a process of their own: told what to do by messages (`ProbeRequest`), answers with `ProbeAnswer`. */
import { readAccess } from './access.ts';
import { Readyz, startAsking, startConnections, startKeepAlive } from './get-clients.ts';
import { Http2Client } from './http2-client.ts';
import { KubectlWatch } from './kubectl-watch.ts';
import type { ProbeAnswer, ProbeOptions, ProbeReport, ProbeRequest } from './report.ts';
import { Tally } from './tally.ts';
import { Watcher } from './watcher.ts';
import { Writer } from './writer.ts';

type Running = { readonly report: () => ProbeReport; readonly stop: () => Promise<ProbeReport> };

const namespace = `probing-${process.pid}`;
let running: Running | undefined;

process.on('message', (request: ProbeRequest) => {
  handle(request).then(answer, (thrown: unknown) => answer({ did: 'fail', reason: String(thrown) }));
});
process.on('disconnect', () => process.exit(0));

function answer(message: ProbeAnswer): void {
  process.send?.(message, () => {
    if (message.did === 'stop') process.exit(0);
  });
}

async function handle(request: ProbeRequest): Promise<ProbeAnswer> {
  if (request.do === 'start') {
    running = await start(request.options);
    return { did: 'start' };
  }
  if (running === undefined) throw new Error('not started');
  return { did: request.do, report: request.do === 'stop' ? await running.stop() : running.report() };
}

async function start(options: ProbeOptions): Promise<Running> {
  const access = readAccess(options);
  const clients = {
    connections: new Tally(),
    keepAlive: new Tally(),
    http2: new Tally(),
    writer: new Tally(),
    watcher: new Tally(),
  };
  // One writes, the other reads, as two programs would.
  const [writing, reading] = [new Http2Client(access), new Http2Client(access)];
  await makeNamespace(writing);
  const watcher = new Watcher(access, namespace, clients.watcher);
  const writer = new Writer(writing, namespace, clients.writer);
  const [readyz, kubectl] = [new Readyz(), new KubectlWatch()];
  const begun = performance.now();
  const stopWatcher = watcher.start();
  // A list shows an object once, however often it was written before.
  await until(() => watcher.watching);
  const stops = [
    writer.start(),
    startConnections(access, clients.connections),
    startKeepAlive(access, clients.keepAlive),
    startAsking((path) => reading.request('GET', path), clients.http2),
    readyz.start(access),
    kubectl.start(options.kubeconfig, namespace),
  ];
  await until(() => Object.values(clients).every((tally) => tally.report().requests > 0));
  const report = (lost: readonly string[] = []): ProbeReport => ({
    seconds: (performance.now() - begun) / 1000,
    clients: {
      connections: clients.connections.report(),
      keepAlive: clients.keepAlive.report(),
      http2: clients.http2.report(),
      writer: clients.writer.report(),
      watcher: clients.watcher.report(),
    },
    readyz: readyz.report(),
    events: watcher.report(writer.versions),
    writes: { acknowledged: writer.versions.size, lost },
    kubectlWatch: kubectl.report(),
  });
  const stop = async () => {
    await Promise.all(stops.map((end) => end()));
    const lost = await writer.lost();
    await until(() => watcher.hasSeen(writer.versions), 5_000);
    await stopWatcher();
    const final = report(lost);
    await writing.request('DELETE', `/api/v1/namespaces/${namespace}`).catch(() => {});
    return final;
  };
  return { report, stop };
}

async function makeNamespace(client: Http2Client): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  const { status, text } = await client.request('POST', '/api/v1/namespaces', object);
  if (status !== 201) throw new Error(`namespace ${namespace}: ${status} ${text}`);
}

/** Resolves when it is so, or after `mostMs`: the report then says what is missing. */
async function until(isSo: () => boolean, mostMs = 20_000): Promise<void> {
  for (const begun = performance.now(); !isSo() && performance.now() - begun < mostMs; )
    await new Promise((resolve) => setTimeout(resolve, 20));
}
