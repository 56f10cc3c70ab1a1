import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import { createCriRuntime } from '../../../src/runtime/cri/cri-runtime.ts';
import type { ContainerRuntime } from '../../../src/runtime/runtime.ts';
import { OwnContainerd } from './own-containerd.ts';
import { RuntimePods } from './runtime-pods.ts';
import { writeShellImage } from './shell-image.ts';

/** Pods of one test file in a containerd of its own. */
export class CriPods extends RuntimePods {
  readonly containerd = new OwnContainerd();
  readonly runtime = this.another();

  another(): ContainerRuntime {
    const { socketPath } = this.containerd;
    return createCriRuntime({ host: nodeHost, clock: systemClock, log: this.log, owner: this.owner, socketPath });
  }

  async begin(): Promise<void> {
    await this.containerd.start();
    this.directory = this.containerd.at('pods');
    const archive = join(this.containerd.directory, 'shell.tar');
    await writeShellImage(this.reference, archive);
    await this.containerd.importImage(archive);
    const found = await this.runtime.findImage(this.reference);
    if (found === undefined) throw new Error(`${this.reference} is not there after its import`);
    this.image = found;
  }

  async end(): Promise<void> {
    await this.runtime.close();
    await this.containerd.destroy();
  }
}
