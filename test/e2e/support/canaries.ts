import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CanaryReport } from '../../../src/rollout/canary/report.ts';
import { expectCode, run } from './command.ts';
import { containerIds, type Plane } from './plane.ts';
import { processesOf } from './processes.ts';

export type Tried = {
  readonly code: number;
  readonly stderr: string;
  readonly report?: CanaryReport;
  readonly error?: {
    readonly message: string;
    readonly exitCode: number;
    readonly findings?: readonly { readonly path: string; readonly message: string }[];
    readonly details?: readonly string[];
  };
};

const program = fileURLToPath(import.meta.resolve('./run-canaries.ts'));
const components = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

/** Tries the plane's configuration with another cluster part or patches, and does nothing else. */
export async function tryChange(
  plane: Plane,
  change: {
    readonly cluster?: string;
    /** Texts by file name. */
    readonly patches?: Readonly<Record<string, string>>;
    readonly started?: (pid: number) => Promise<void>;
  },
): Promise<Tried> {
  const { cluster = '', patches = {}, started } = change;
  plane.writeConfig({ cluster });
  if (Object.keys(patches).length > 0) {
    const directory = plane.scratch('patches');
    for (const [name, text] of Object.entries(patches)) writeFileSync(join(directory, name), text);
    const text = readFileSync(plane.config, 'utf8');
    writeFileSync(
      plane.config,
      text.replace('localAPIEndpoint:', `patches: {directory: ${directory}}\nlocalAPIEndpoint:`),
    );
  }
  let watched: Promise<void> | undefined;
  const ran = await run(process.execPath, [program, plane.root, plane.config], {
    started: (pid) => {
      watched = started?.(pid);
    },
  });
  await watched;
  if (ran.code !== 137) expectCode(ran, 0);
  const told = ran.stdout === '' ? {} : (JSON.parse(ran.stdout) as Pick<Tried, 'report' | 'error'>);
  return { ...told, code: ran.code, stderr: ran.stderr };
}

/** What there is of canaries: their directory, their programs, their containers. */
export async function canaryLeftovers(plane: Plane): Promise<readonly string[]> {
  const directory = plane.path('var/lib/bootstrap/canary');
  const containers = (await plane.inEngine('c-')).map(({ name }) => name);
  const programs = components.flatMap((name) => processesOf(directory, name).map((pid) => `${name} ${pid}`));
  return [...(existsSync(directory) ? [directory] : []), ...programs, ...containers];
}

/** Notes what the plane is, and gives what asserts that it is the same, that the cluster saw no canary and none is left. */
export async function untouched(plane: Plane): Promise<() => Promise<void>> {
  const before = await stateOf(plane);
  return async () => {
    assert.deepEqual(await canaryLeftovers(plane), []);
    assert.deepEqual(await stateOf(plane), before);
  };
}

async function stateOf(plane: Plane) {
  const get = async (...args: readonly string[]) => {
    const { stdout } = expectCode(await plane.kubectl(['get', ...args, '-o', 'json']), 0);
    return (JSON.parse(stdout) as { readonly items: readonly Item[] }).items;
  };
  const leases = await get('leases', '-n', 'kube-system');
  const events = await get('events', '-A');
  const manifests = plane.path('etc/kubernetes/manifests');
  return {
    containers: containerIds(await plane.status()),
    leases: leases
      .filter(({ metadata }) => components.includes(metadata.name))
      .map(({ metadata, spec }) => [metadata.name, spec?.holderIdentity, spec?.leaseTransitions]),
    elections: events.filter(({ reason }) => reason === 'LeaderElection').length,
    manifests: readdirSync(manifests).map((name) => readFileSync(join(manifests, name), 'utf8')),
    files: readdirSync(plane.path('etc/kubernetes/pki')),
    made: readFileSync(plane.path('var/lib/bootstrap/made.jsonl'), 'utf8'),
  };
}

type Item = {
  readonly metadata: { readonly name: string };
  readonly reason?: string;
  readonly spec?: { readonly holderIdentity?: string; readonly leaseTransitions?: number };
};
