import { existsSync } from 'node:fs';
import { nodeHost } from '../../../src/host/node-host.ts';
import { CriEngine } from './engine-cri.ts';
import { DockerEngine } from './engine-docker.ts';
import { startSharedContainerd } from './shared-containerd.ts';

export type RuntimeUnderTest = 'process' | 'docker' | 'cri';
export type EngineType = Exclude<RuntimeUnderTest, 'process'>;

/** A sandbox or container as the engine itself has it. */
export type EngineContainer = {
  readonly id: string;
  /** `k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT`; a sandbox's CONTAINER is `POD`. */
  readonly name: string;
  readonly container: string;
  readonly state: 'created' | 'running' | 'exited' | 'unknown';
  /** Absent when it does not run: a signal to pid 0 would end the tests themselves. */
  readonly pid?: number;
  readonly labels: Readonly<Record<string, string>>;
};

/** What the tests ask of the engine behind the agent's back, by its own tools. */
export interface Engine {
  readonly type: EngineType;
  /** `unix:///…`. */
  readonly endpoint: string;
  /** All sandboxes and containers that have these labels, dead ones too. */
  find(labels: Readonly<Record<string, string>>): Promise<readonly EngineContainer[]>;
  /** Removes a container or sandbox, running or not. */
  remove(id: string): Promise<void>;
  /** Takes up an archive as `docker save` writes it. */
  load(archive: string): Promise<void>;
  /** Gives an image one more name. */
  tag(reference: string, name: string): Promise<void>;
  /** Sends an image to a registry on loopback, with a login if one is given: `name:password`. */
  push(reference: string, login?: string): Promise<void>;
  /** Takes one name of an image away, if it is there. */
  removeName(reference: string): Promise<void>;
  /** Removes images with all their names; what is not there is left out. */
  removeImages(...references: readonly string[]): Promise<void>;
}

/** The engine that what needs one is tried on: containerd with E2E_RUNTIME=cri, else Docker. */
export const engineUnderTest: EngineType = process.env.E2E_RUNTIME === 'cri' ? 'cri' : 'docker';

/** The runtimes a case runs on: its own, all with E2E_MATRIX=all, only containerd with E2E_RUNTIME=cri. */
export function runtimes(usual: readonly ('process' | 'docker')[]): readonly RuntimeUnderTest[] {
  const wanted: readonly RuntimeUnderTest[] = process.env.E2E_MATRIX === 'all' ? ['process', 'docker'] : usual;
  return engineUnderTest === 'cri' && wanted.length > 0 ? ['cri'] : wanted;
}

const shared = engineUnderTest === 'cri' ? await startSharedContainerd() : undefined;

const docker = new DockerEngine('/var/run/docker.sock');
const cri = shared && new CriEngine(shared);

/** The engine of that type; throws where the machine has none. */
export function engineOf(type: RuntimeUnderTest): Engine {
  const engine = type === 'docker' ? docker : cri;
  if (type !== 'process' && engine !== undefined) return engine;
  throw new Error(`there is no engine for ${type} here`);
}

/** Whether the engine under test answers on this machine. */
export async function engineAnswers(): Promise<boolean> {
  if (engineUnderTest === 'cri') return cri !== undefined;
  if (!existsSync(docker.socketPath)) return false;
  const answer = await nodeHost.request('http://docker/_ping', { socketPath: docker.socketPath, timeoutMs: 5000 });
  return answer.status === 200;
}

/** The flags that lead a `bootstrap` command to that runtime. */
export function runtimeFlags(type: RuntimeUnderTest): readonly string[] {
  const endpoint = type === 'cri' && cri !== undefined ? ['--container-runtime-endpoint', cri.endpoint] : [];
  return ['--runtime', type, ...endpoint];
}
