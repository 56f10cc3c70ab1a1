import { bootstrap, eventually, expectCode, type Ran } from '../e2e/support/command.ts';
import type { RuntimeUnderTest } from '../e2e/support/engine.ts';
import { Plane } from '../e2e/support/plane.ts';
import { failedRequests, type ProbeReport, startProbing } from '../e2e/support/probing-clients.ts';
import { type Row, rounds, say } from './rows.ts';

/** What one kind of change costs the clients of the API, over all rounds. */
type Change = {
  readonly what: string;
  /** The flags of each component by its name in the configuration, with a value that differs in every round. */
  readonly cluster: (round: number) => string;
  readonly expect: number;
  readonly args?: readonly string[];
};

const usual: readonly Change[] = [
  { what: 'kube-apiserver flag', cluster: (round) => extra('apiServer', 'v', String(1 + (round % 2))), expect: 0 },
  { what: 'kube-apiserver mistyped flag', cluster: () => extra('apiServer', 'no-such-flag', '1'), expect: 2 },
  {
    what: 'kube-apiserver fails when it runs',
    cluster: () => extra('apiServer', 'no-such-flag', '1'),
    expect: 5,
    args: ['--skip-canary'],
  },
  { what: 'etcd flag', cluster: (round) => etcdFlag(round), expect: 0 },
];

/** Changes of a running control plane under probing clients: how long they take and what the clients notice. */
export async function benchRollout(): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const runtime of ['process', 'docker'] as const) rows.push(...(await benchRuntime(runtime)));
  return rows;
}

async function benchRuntime(runtime: RuntimeUnderTest): Promise<readonly Row[]> {
  const plane = new Plane(runtime);
  try {
    configure(plane, '');
    expectCode(await plane.init(), 0);
    const rows: Row[] = [];
    for (const change of usual) rows.push(...(await benchChange(plane, change)));
    for (const leader of leaders) rows.push(await benchLeader(plane, leader));
    configure(plane, '');
    expectCode(await apply(plane), 0);
    rows.push({ what: `apply that changes nothing (${runtime})`, samples: await repeated(plane, 0), unit: 'ms' });
    return rows;
  } finally {
    await plane.destroy();
  }
}

async function benchChange(plane: Plane, change: Change): Promise<readonly Row[]> {
  const { what, cluster, expect, args = [] } = change;
  const [times, failed, notReady, longest]: [number[], number[], number[], number[]] = [[], [], [], []];
  for (let round = 0; round < rounds; round++) {
    configure(plane, cluster(round));
    const probing = await startProbing({ kubeconfig: plane.path('etc/kubernetes/admin.conf') });
    try {
      const begun = performance.now();
      expectCode(await apply(plane, args), expect);
      times.push(performance.now() - begun);
      const report = await probing.stop();
      failed.push(failedRequests(report));
      notReady.push(report.readyz.notReadyMs);
      longest.push(longestAnswer(report));
      say(`${what} on ${plane.runtime}, round ${round + 1}: ${oneLine(report)}`);
    } finally {
      probing.kill();
    }
  }
  const of = `${what} (${plane.runtime})`;
  return [
    { what: `${of}: apply`, samples: times, unit: 'ms' },
    { what: `${of}: failed requests`, samples: failed, unit: 'requests' },
    { what: `${of}: API not ready`, samples: notReady, unit: 'ms' },
    { what: `${of}: longest answer`, samples: longest, unit: 'ms' },
  ];
}

type Leader = { readonly component: 'controllerManager' | 'scheduler'; readonly lease: string };

const leaders: readonly Leader[] = [
  { component: 'controllerManager', lease: 'kube-controller-manager' },
  { component: 'scheduler', lease: 'kube-scheduler' },
];

/** From the end of the old leader's last renewal to a new holder of the Lease. */
async function benchLeader(plane: Plane, { component, lease }: Leader): Promise<Row> {
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = await holderOf(plane, lease);
    configure(plane, extra(component, 'v', String(1 + (round % 2))));
    const seen = watchHolder(plane, lease, before.holder);
    expectCode(await apply(plane), 0);
    samples.push(await seen);
  }
  return { what: `${lease} flag (${plane.runtime}): until a new leader acts`, samples, unit: 'ms' };
}

type Holder = { readonly holder: string; readonly acquired: number; readonly renewed: number };

async function holderOf(plane: Plane, lease: string): Promise<Holder> {
  const { stdout } = expectCode(await plane.kubectl(['-n', 'kube-system', 'get', 'lease', lease, '-o', 'json']), 0);
  const { holderIdentity = '', acquireTime, renewTime } = JSON.parse(stdout).spec;
  return { holder: holderIdentity, acquired: Date.parse(acquireTime), renewed: Date.parse(renewTime) };
}

/** The time between the last renewal by the old holder that was seen and the acquisition by the new one. */
async function watchHolder(plane: Plane, lease: string, old: string): Promise<number> {
  let last = 0;
  return eventually(
    `another leader of ${lease}`,
    async () => {
      const { holder, acquired, renewed } = await holderOf(plane, lease);
      if (holder === old) last = renewed;
      return holder === old || holder === '' ? undefined : Math.max(1, acquired - last);
    },
    120_000,
  );
}

async function repeated(plane: Plane, expect: number): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    expectCode(await apply(plane), expect);
    samples.push(performance.now() - begun);
  }
  return samples;
}

function apply(plane: Plane, args: readonly string[] = []): Promise<Ran> {
  const all = ['apply', '--config', plane.config, '--root-dir', plane.root, ...args];
  return bootstrap(all, { timeoutMs: 300_000 });
}

function configure(plane: Plane, cluster: string): void {
  plane.writeConfig({ cluster, documents: 'rollout:\n  settle: 1s\n' });
}

function extra(component: string, name: string, value: string): string {
  return `${component}:\n  extraArgs:\n  - name: ${name}\n    value: "${value}"\n`;
}

function etcdFlag(round: number): string {
  const flag = `    - name: snapshot-count\n      value: "${10_000 + round}"\n`;
  return `etcd:\n  local:\n    extraArgs:\n${flag}`;
}

function longestAnswer({ clients }: ProbeReport): number {
  return Math.max(...Object.values(clients).map(({ longestMs }) => longestMs));
}

function oneLine(report: ProbeReport): string {
  const { requests } = report.clients.connections;
  const lost = report.writes.lost.length + report.events.missed + report.events.doubled;
  const kinds = Object.values(report.clients).flatMap(({ failures }) => failures.map(({ kind }) => kind));
  const counted = [...new Set(kinds)].map((kind) => `${kinds.filter((other) => other === kind).length} × ${kind}`);
  return `${requests} new connections, failed: ${counted.join(', ') || 'none'}, lost or doubled: ${lost}`;
}
