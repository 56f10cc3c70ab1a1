import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Pod } from '../../src/kube/types.ts';
import { archive, program } from '../components/locations.ts';
import { bootstrap, eventually, expectCode } from '../e2e/support/command.ts';
import { isReady } from '../e2e/support/kubelet-unit.ts';
import { LoneAgent } from '../e2e/support/lone-agent.ts';
import { Plane } from '../e2e/support/plane.ts';
import { memoryOf, processorSeconds } from '../e2e/support/processes.ts';
import { idleSeconds, type Row, rounds, say } from './rows.ts';

const extraPods = 50;
const controlPlanePods = 4;

/** What a cluster sees of our plane: how soon, how fast its logs come, and what it costs to tell it of 50 pods. */
export async function benchCluster(): Promise<readonly Row[]> {
  const ready: number[] = [];
  for (let round = 1; round < rounds; round++) {
    ready.push(await withPlane(timeUntilMirrored));
    say(`mirror pods Ready after init, round ${round}: ${ready.at(-1)?.toFixed(0)} ms`);
  }
  return withPlane(async (plane) => {
    ready.push(await timeUntilMirrored(plane));
    const first = { what: 'init ended until all four mirror pods are Ready, by kubectl', samples: ready, unit: 'ms' };
    return [first, ...(await logs(plane)), ...(await idle(plane))];
  });
}

async function withPlane<T>(measure: (plane: Plane) => Promise<T>): Promise<T> {
  const plane = new Plane('process');
  try {
    expectCode(await plane.init(), 0);
    return await measure(plane);
  } finally {
    await plane.destroy();
  }
}

async function timeUntilMirrored(plane: Plane): Promise<number> {
  const begun = performance.now();
  await eventually('the mirror pods are Ready', async () => (await readyPods(plane)) === controlPlanePods);
  return performance.now() - begun;
}

async function readyPods(plane: Plane): Promise<number> {
  const { stdout } = expectCode(await plane.kubectl(['get', 'pods', '-A', '-o', 'json']), 0);
  const { items } = JSON.parse(stdout) as { readonly items: readonly Pod[] };
  return items.filter(isReady).length;
}

/** kubectl's own start is in it: beside, a kubectl that asks the API server alone. */
async function logs(plane: Plane): Promise<readonly Row[]> {
  const samples: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    plain.push(await firstByte(plane, ['get', '--raw', '/version']));
    samples.push(await firstByte(plane, ['-n', 'kube-system', 'logs', 'kube-apiserver-node1', '--tail=1']));
  }
  // The first of each fills kubectl's discovery cache.
  return [
    { what: 'kubectl get --raw /version, first byte', samples: plain.slice(1), unit: 'ms' },
    { what: 'kubectl logs, first byte', samples: samples.slice(1), unit: 'ms' },
  ];
}

function firstByte(plane: Plane, args: readonly string[]): Promise<number> {
  const begun = performance.now();
  const env = { ...process.env, KUBECACHEDIR: plane.path('kubectl-cache') };
  const words = ['--kubeconfig', plane.path('etc/kubernetes/admin.conf'), ...args];
  const child = spawn(program('kubectl'), words, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(performance.now() - begun));
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`kubectl ${args.join(' ')} printed nothing`)));
  });
}

/** With the control plane's own pods, whose probes come every second; and a node that has only the others. */
async function idle(plane: Plane): Promise<readonly Row[]> {
  const node = await secondNode(plane);
  try {
    await node.start();
    for (let index = 0; index < extraPods; index++) {
      node.write(`pause-${index}.json`, JSON.stringify(aPod(`pause-${index}`)));
    }
    const all = controlPlanePods + extraPods;
    const alone = await idleRows(plane, { pid: node.pid, pods: extraPods, expected: all });
    for (let index = 0; index < extraPods; index++) node.remove(`pause-${index}.json`);
    await eventually('they are gone', async () => (await node.status()).pods.length === 0);
    await node.end('SIGTERM');
    for (let index = 0; index < extraPods; index++) {
      writeFileSync(plane.manifest(`pause-${index}`), JSON.stringify(aPod(`pause-${index}`)));
    }
    return [...alone, ...(await idleRows(plane, { pid: plane.agentPid(), pods: all, expected: all }))];
  } finally {
    await node.end('SIGTERM');
    rmSync(node.root, { recursive: true, force: true });
  }
}

async function secondNode(plane: Plane): Promise<LoneAgent> {
  const kubeconfig = plane.path('node2.conf');
  const user = ['kubeconfig', 'user', '--client-name', 'system:node:node2', '--org', 'system:nodes'];
  const made = expectCode(await bootstrap([...user, '--config', plane.config, '--root-dir', plane.root]), 0);
  writeFileSync(kubeconfig, made.stdout, { mode: 0o600 });
  const flags = ['--hostname-override', 'node2', '--kubeconfig', kubeconfig, '--port', '0'];
  return new LoneAgent('process', dirname(archive('pause')), flags);
}

async function idleRows(
  plane: Plane,
  { pid, pods, expected }: { readonly pid: number; readonly pods: number; readonly expected: number },
): Promise<readonly Row[]> {
  await eventually('all mirror pods are Ready', async () => (await readyPods(plane)) >= expected, 60_000);
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  const used = processorSeconds(pid);
  await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000));
  const percent = ((processorSeconds(pid) - used) / idleSeconds) * 100;
  const { anonymous, resident } = memoryOf(pid);
  const what = `${pods} mirror pods${pods > extraPods ? ', the control plane’s among them' : ''}, Node and Lease`;
  return [
    { what: `agent CPU idle, ${what}`, samples: [percent], unit: '% of a core' },
    { what: `agent RssAnon, ${what}`, samples: [anonymous], unit: 'MiB', beside: `VmRSS ${resident.toFixed(0)} MiB` },
  ];
}

function aPod(name: string) {
  const container = { name: 'main', image: 'registry.k8s.io/pause:3.10.2' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'kube-system' },
    spec: { hostNetwork: true, terminationGracePeriodSeconds: 1, containers: [container] },
  };
}
