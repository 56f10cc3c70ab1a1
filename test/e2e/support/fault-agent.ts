import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { archive } from '../../components/locations.ts';
import { containerOf, LoneAgent } from './lone-agent.ts';
import { writeShellImage } from './shell-image.ts';

export const image = 'kube-bootstrap.test/faults:1';

/** The archives that its agents import. */
export async function writeFaultImages(directory: string): Promise<void> {
  await writeShellImage(image, join(directory, 'faults.tar'));
  copyFileSync(archive('pause'), join(directory, 'pause.tar'));
}

/** An agent on an engine of the test's own. */
export class FaultAgent extends LoneAgent {
  readonly #socketPath: string;

  constructor(socketPath: string, images: string, extra: readonly string[] = []) {
    super('docker', images, extra);
    this.#socketPath = socketPath;
  }

  override arguments(): readonly string[] {
    return [...super.arguments(), '--container-runtime-endpoint', `unix://${this.#socketPath}`];
  }

  add(name: string, more: object = {}): void {
    const command = ['/bin/sh', '-c', "trap 'exit 0' TERM; sleep 1000000 & wait"];
    const containers = [{ name: 'app', image, imagePullPolicy: 'IfNotPresent', command }];
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
}
