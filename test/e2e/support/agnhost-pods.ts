import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { archive } from '../../components/locations.ts';
import { containerOf, LoneAgent } from './lone-agent.ts';

export const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.66.1';

type Fields = Readonly<Record<string, unknown>>;

/** An agent whose pods are made of upstream's test image, which has a shell too; on the engine at `endpoint` if given. */
export class AgnhostAgent extends LoneAgent {
  readonly #socketPath: string | undefined;

  constructor(socketPath?: string) {
    super('docker', dirname(archive('agnhost')));
    this.#socketPath = socketPath;
  }

  override arguments(): readonly string[] {
    const endpoint =
      this.#socketPath === undefined ? [] : ['--container-runtime-endpoint', `unix://${this.#socketPath}`];
    return [...super.arguments(), ...endpoint];
  }

  /** Writes a manifest `<name>.yaml`; JSON is YAML too. */
  add(name: string, spec: Fields, metadata: Fields = {}): void {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec };
    this.write(`${name}.yaml`, JSON.stringify(pod));
  }

  /** What the docker command says about this agent's engine. */
  async docker(...args: readonly string[]): Promise<string> {
    const host = this.#socketPath === undefined ? [] : ['--host', `unix://${this.#socketPath}`];
    // To the end of the output, not of the program: a short answer may come after it.
    const { stdout } = await promisify(execFile)('docker', [...host, ...args], { timeout: 30_000, maxBuffer: 2 ** 24 });
    return stdout;
  }

  /** The output of a shell in the pod's first container, or the one that is named. */
  async shell(pod: string, script: string, container?: string): Promise<string> {
    const id = await this.containerId(pod, container);
    return (await this.docker('exec', id, 'sh', '-c', script)).trim();
  }

  async containerId(pod: string, container?: string): Promise<string> {
    const found = await this.pod(`${pod}-node1`);
    if (container === undefined) return containerOf(found).id;
    const status = found.pod.status?.containerStatuses.find(({ name }) => name === container);
    return status?.containerID?.replace('docker://', '') ?? '';
  }

  /** Waits until what the agent says about a pod matches. */
  async says(pod: string, words: RegExp): Promise<void> {
    await this.pod(`${pod}-node1`, (found) => words.test(JSON.stringify(found)));
  }
}

/** A container that waits, ends at once when told to, and is changed where a test says so. */
export function waiting(change: Fields = {}): Fields {
  const command = ['sh', '-c', "trap 'exit 0' TERM; sleep 1000000 & wait"];
  return { name: 'app', image: agnhost, imagePullPolicy: 'IfNotPresent', command, ...change };
}

/** A pod on the host network of one such container. */
export function onHost(container: Fields = {}, spec: Fields = {}): Fields {
  return { hostNetwork: true, terminationGracePeriodSeconds: 1, containers: [waiting(container)], ...spec };
}

/** A pod with a network of its own. */
export function onBridge(container: Fields = {}, spec: Fields = {}): Fields {
  return onHost(container, { hostNetwork: false, ...spec });
}
