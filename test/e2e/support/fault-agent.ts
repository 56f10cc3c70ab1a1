import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentPod } from '../../../src/kube/agent-socket.ts';
import { archive } from '../../components/locations.ts';
import { eventually } from './command.ts';
import type { RuntimeUnderTest } from './engine.ts';
import { containerOf, isRunning, LoneAgent } from './lone-agent.ts';
import { writeShellImage } from './shell-image.ts';

export const image = 'kube-bootstrap.test/faults:1';

/** The archives that its agents import. */
export async function writeFaultImages(directory: string): Promise<void> {
  await writeShellImage(image, join(directory, 'faults.tar'));
  copyFileSync(archive('pause'), join(directory, 'pause.tar'));
}

/** An agent on an engine of a test's own, and pods whose one container waits until it is told to end. */
export class FaultAgent extends LoneAgent {
  readonly #socketPath: string;

  constructor(
    runtime: RuntimeUnderTest,
    socketPath: string,
    options: { readonly archives: string; readonly extra?: readonly string[] },
  ) {
    super(runtime, options.archives, options.extra);
    this.#socketPath = socketPath;
  }

  override arguments(): readonly string[] {
    return [...super.arguments(), '--container-runtime-endpoint', `unix://${this.#socketPath}`];
  }

  add(name: string, more: object = {}): void {
    const command = ['/bin/sh', '-c', "trap 'exit 0' TERM; sleep 1000000 & wait"];
    const containers = [{ name: 'app', image: image, imagePullPolicy: 'IfNotPresent', command }];
    const spec = { hostNetwork: true, terminationGracePeriodSeconds: 1, containers, ...more };
    this.write(`${name}.yaml`, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }));
  }

  async restarts(name: string): Promise<number> {
    return containerOf(await this.pod(`${name}-node1`)).restarts;
  }

  /** Waits until the pod's container has been restarted so often, and runs. */
  async restarted(name: string, times: number): Promise<void> {
    await this.pod(
      `${name}-node1`,
      (found) =>
        containerOf(found).restarts === times && found.pod.status?.containerStatuses[0]?.state.running !== undefined,
    );
  }

  async id(name: string): Promise<string> {
    return containerOf(await this.pod(`${name}-node1`)).id;
  }

  /** What a call to an engine that has just come back may take is waited for. */
  override pod(name: string, condition: (pod: AgentPod) => boolean = isRunning): Promise<AgentPod> {
    const find = async () =>
      (await this.status()).pods.find((found) => found.pod.metadata.name === name && condition(found));
    return eventually(`pod ${name} is as wanted`, find, longestMs);
  }

  override async gone(name: string): Promise<void> {
    const isGone = async () => (await this.status()).pods.every(({ pod }) => pod.metadata.name !== name);
    await eventually(`pod ${name} is gone`, isGone, longestMs);
  }

  /** As `pod`, but of everything that the agent says. */
  async says(words: RegExp): Promise<void> {
    await eventually(`the agent says ${words}`, async () => words.test(JSON.stringify(await this.status())), longestMs);
  }
}

const longestMs = 90_000;
