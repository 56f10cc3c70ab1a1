import { join } from 'node:path';
import type {
  ContainerConfig,
  ContainerRuntime,
  ImageInfo,
  ObservedContainer,
  ObservedPod,
  SandboxConfig,
} from '../../../src/runtime/runtime.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { aContainerConfig, aSandboxConfig } from '../../fakes/runtime-builders.ts';

/** Pods of one test file in a real engine: an owner and an image of its own. */
export abstract class RuntimePods {
  readonly tag = Math.random().toString(16).slice(2, 10);
  readonly owner = `e2e-${this.tag}`;
  readonly reference = `kube-bootstrap.test/shell:${this.tag}`;
  readonly log = recordingLog();
  directory = '';
  image: ImageInfo = { id: '', tags: [], digests: [], sizeBytes: 0, user: '' };

  abstract get runtime(): ContainerRuntime;
  /** The next one of the same owner, as a new agent has it; to be closed. */
  abstract another(): ContainerRuntime;
  abstract begin(): Promise<void>;
  /** All is gone after it. */
  abstract end(): Promise<void>;

  sandbox(name: string, change: Partial<SandboxConfig> = {}): SandboxConfig {
    return aSandboxConfig({
      pod: { name, namespace: 'e2e', uid: `${this.tag}-${name}` },
      image: this.reference,
      hostNetwork: true,
      logDirectory: join(this.directory, 'logs', name),
      ...change,
    });
  }

  container(script: string, change: Partial<ContainerConfig> = {}): ContainerConfig {
    return aContainerConfig({
      image: this.reference,
      imageId: this.image.id,
      command: ['/bin/sh', '-c', script],
      logPath: join(this.directory, 'logs', 'app', `${Math.random()}.log`),
      resources: { oomScoreAdj: 0 },
      ...change,
    });
  }

  /** A pod of one container that runs the script. */
  async start(
    name: string,
    script: string,
    change: Partial<ContainerConfig> = {},
    sandboxChange: Partial<SandboxConfig> = {},
  ) {
    const sandbox = this.sandbox(name, sandboxChange);
    const sandboxId = await this.runtime.createSandbox(sandbox);
    const id = await this.runtime.startContainer(
      sandboxId,
      sandbox,
      this.container(script, { logPath: join(sandbox.logDirectory, 'app.log'), ...change }),
    );
    return { id, sandboxId, sandbox };
  }

  async pod(name: string, from: ContainerRuntime = this.runtime): Promise<ObservedPod | undefined> {
    return (await from.observePods({ namespace: 'e2e', name }))[0];
  }

  /** Its container once it has ended; fails after 10 s. */
  async exited(name: string): Promise<ObservedContainer> {
    for (let tries = 0; tries < 500; tries++) {
      const container = (await this.pod(name))?.containers[0];
      if (container?.state === 'exited') return container;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${name} did not exit`);
  }
}
