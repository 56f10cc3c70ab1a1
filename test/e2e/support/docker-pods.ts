import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import { createDockerRuntime } from '../../../src/runtime/docker/docker-runtime.ts';
import { chooseRuntime } from '../../../src/runtime/open.ts';
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
import { expectCode, run } from './command.ts';
import { writeShellImage } from './shell-image.ts';

const socketPath = '/var/run/docker.sock';
/** Whether a Docker Engine answers on this machine. */
export const hasDocker = async () => (await chooseRuntime({ host: nodeHost })).type === 'docker';

/** A runtime of that owner on the machine's own engine. */
export function dockerRuntime(owner: string, log = recordingLog(), host = nodeHost): ContainerRuntime {
  return createDockerRuntime({ host, clock: systemClock, log, owner, socketPath });
}

export const docker = async (...args: readonly string[]) => expectCode(await run('docker', args), 0);

/** Pods of one test file on a real engine: an owner and an image of its own, both gone after `end`. */
export class DockerPods {
  readonly tag = Math.random().toString(16).slice(2, 10);
  readonly owner = `e2e-${this.tag}`;
  readonly reference = `kube-bootstrap.test/shell:${this.tag}`;
  readonly log = recordingLog();
  readonly runtime = dockerRuntime(this.owner, this.log);
  directory = '';
  image: ImageInfo = { id: '', tags: [], digests: [], sizeBytes: 0, user: '' };

  async begin(): Promise<void> {
    this.directory = await mkdtemp(join(tmpdir(), 'docker-e2e-'));
    const archive = join(this.directory, 'shell.tar');
    await writeShellImage(this.reference, archive);
    await this.runtime.importArchive(archive);
    const found = await this.runtime.findImage(this.reference);
    if (found === undefined) throw new Error(`${this.reference} is not there after its import`);
    this.image = found;
  }

  async end(): Promise<void> {
    for (const owner of [this.owner, `${this.owner}-other`]) {
      const { stdout } = await docker('ps', '-aq', '--filter', `label=kube-bootstrap/owner=${owner}`);
      const ids = stdout.split('\n').filter((id) => id !== '');
      if (ids.length > 0) await docker('rm', '-f', ...ids);
    }
    await docker('rmi', '-f', this.image.id);
    await this.runtime.close();
    await rm(this.directory, { recursive: true });
  }

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
    const id = await this.runtime.startContainer(sandboxId, sandbox, this.container(script, change));
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
