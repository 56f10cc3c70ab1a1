import { join } from 'node:path';
import { LoneAgent } from '../e2e/support/lone-agent.ts';
import { memoryOf, processorSeconds } from '../e2e/support/processes.ts';
import { CriPods, type PodServer, seconds } from './cri-pods.ts';
import { idleSeconds, type Row, ratio, rounds, say } from './rows.ts';
import { StockKubelet } from './stock-kubelet.ts';

const few = pods(0, 4);
const rest = pods(4, 50);
const all = [...few, ...rest];

/** Pods of one container from files, on one containerd: by a stock kubelet and by our agent, in turn. */
export async function benchCri(): Promise<readonly Row[]> {
  const lab = new CriPods();
  const servers = [new StockKubelet(lab.containerd.socketPath), agentOn(lab)] as const;
  try {
    await lab.begin();
    const times = await startAndStop(lab, servers);
    const idle: Row[] = [];
    for (const server of servers) idle.push(...(await atRest(lab, server)));
    return [...times, ...idle];
  } finally {
    for (const server of servers) await server.destroy();
    await lab.end();
  }
}

/** Only one of them runs at a time, since each looks at the other's containers too. */
async function startAndStop(lab: CriPods, servers: readonly PodServer[]): Promise<readonly Row[]> {
  const started = servers.map((): number[] => []);
  const stopped = servers.map((): number[] => []);
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    for (const [index, server] of servers.entries()) {
      await lab.ready(server);
      const up = await lab.timeUntilAllRun(server, all);
      await seconds(3);
      const down = await lab.timeUntilAllGone(server);
      await lab.done(server);
      started[index]?.push(up);
      stopped[index]?.push(down);
      say(`${all.length} pods by ${server.name}, round ${round + 1}: ${up.toFixed(0)}, ${down.toFixed(0)}`);
    }
  }
  const rows = (what: string, samples: readonly number[][]) =>
    servers.map(({ name }, index) => ({
      what: `${all.length} pods ${what} (cri, ${name})`,
      samples: samples[index] ?? [],
      unit: 'ms',
      ...(index === 0 ? {} : { beside: ratio(samples[index] ?? [], samples[0] ?? [], servers[0]?.name ?? '') }),
    }));
  return [...rows('from files, all running', started), ...rows('all gone', stopped)];
}

/** What the server and containerd use while nothing happens. */
async function atRest(lab: CriPods, server: PodServer): Promise<readonly Row[]> {
  await lab.ready(server);
  await lab.timeUntilAllRun(server, few);
  await seconds(idleSeconds);
  const rows = [memory(server, few.length)];
  await lab.timeUntilAllRun(server, rest);
  await seconds(10);
  const processes = [server.pid, lab.containerd.pid];
  const before = processes.map(processorSeconds);
  await seconds(idleSeconds);
  const used = processes.map((pid, index) => ((processorSeconds(pid) - (before[index] ?? 0)) / idleSeconds) * 100);
  const [own = 0, containerd = 0] = used;
  rows.push({
    what: `${server.name} and containerd, CPU idle, ${all.length} pods (cri)`,
    samples: [own + containerd],
    unit: '% of a core',
    beside: `${own.toFixed(1)} and ${containerd.toFixed(1)}`,
  });
  rows.push(memory(server, all.length));
  await lab.timeUntilAllGone(server);
  await lab.done(server);
  return rows;
}

function memory({ name, pid }: PodServer, count: number): Row {
  const { anonymous, resident } = memoryOf(pid);
  const what = `${name} RssAnon, ${count} pods (cri)`;
  return { what, samples: [anonymous], unit: 'MiB', beside: `VmRSS ${resident.toFixed(0)} MiB` };
}

function agentOn({ containerd, root }: CriPods): PodServer {
  const agent = new LoneAgent('cri', root, ['--container-runtime-endpoint', containerd.endpoint]);
  return {
    name: 'agent',
    manifests: join(agent.root, 'manifests'),
    get pid() {
      return agent.pid;
    },
    start: () => agent.start(),
    end: () => agent.end('SIGTERM'),
    destroy: () => agent.destroy(),
  };
}

function pods(from: number, to: number): readonly string[] {
  return Array.from({ length: to - from }, (_, index) => `pod-${String(from + index).padStart(2, '0')}`);
}
