import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { program } from '../components/locations.ts';
import { run } from '../e2e/support/command.ts';
import type { Plane } from '../e2e/support/plane.ts';
import { answersOk } from './health.ts';

type Started = { readonly stop: () => Promise<void> };
type Manifest = {
  readonly spec: {
    readonly containers: readonly [
      {
        readonly command: readonly string[];
        readonly image: string;
        readonly volumeMounts: readonly { readonly mountPath: string }[];
      },
    ];
  };
};

/**
 * The four programs with nothing around them, from certificates and manifests made beforehand, in the best order: etcd and
 * kube-apiserver together, the others as soon as `/livez` answers. Gives the milliseconds until all four are healthy.
 */
export async function bareStart(plane: Plane): Promise<{ readonly ms: number; readonly stop: () => Promise<void> }> {
  mkdirSync(plane.path('var/lib/etcd'), { recursive: true, mode: 0o700 });
  const start = plane.runtime === 'process' ? startProcess : startContainer;
  const begun = performance.now();
  const started = [await start(plane, 'etcd'), await start(plane, 'kube-apiserver')];
  await answersOk(plane, 'kube-apiserver', '/livez');
  started.push(...(await Promise.all([start(plane, 'kube-controller-manager'), start(plane, 'kube-scheduler')])));
  await Promise.all([
    answersOk(plane, 'etcd', '/readyz'),
    answersOk(plane, 'kube-apiserver', '/livez'),
    answersOk(plane, 'kube-controller-manager', '/healthz'),
    answersOk(plane, 'kube-scheduler', '/livez'),
  ]);
  const ms = performance.now() - begun;
  return {
    ms,
    stop: async () => {
      // The API server first: without its etcd it takes up to a minute to stop.
      for (const { stop } of started.reverse()) await stop();
    },
  };
}

function containerOf(plane: Plane, component: string) {
  const manifest = parse(readFileSync(plane.path(`bare/${component}.yaml`), 'utf8')) as Manifest;
  return manifest.spec.containers[0];
}

async function startProcess(plane: Plane, component: string): Promise<Started> {
  const { command } = containerOf(plane, component);
  const log = openSync(plane.path(`bare/${component}.log`), 'a');
  const child = spawn(program(component), command.slice(1), { stdio: ['ignore', log, log] });
  closeSync(log);
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  return {
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function startContainer(plane: Plane, component: string): Promise<Started> {
  const { command, image, volumeMounts } = containerOf(plane, component);
  const name = `bare-${component}-${process.pid}`;
  const mounts = volumeMounts.flatMap(({ mountPath }) => ['-v', `${mountPath}:${mountPath}`]);
  const args = ['run', '-d', '--name', name, '--network', 'host', ...mounts, '--entrypoint', command[0] ?? '', image];
  const ran = await run('docker', [...args, ...command.slice(1)]);
  if (ran.code !== 0) throw new Error(ran.stderr);
  return {
    stop: async () => {
      await run('docker', ['rm', '-f', name]);
    },
  };
}
