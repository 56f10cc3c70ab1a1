import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import type { Host } from '../../../src/host/host.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import { createDockerRuntime } from '../../../src/runtime/docker/docker-runtime.ts';
import { chooseRuntime } from '../../../src/runtime/open.ts';
import type { ContainerRuntime } from '../../../src/runtime/runtime.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { bootstrapProgram, expectCode, run } from './command.ts';
import { RuntimePods } from './runtime-pods.ts';
import { writeShellImage } from './shell-image.ts';

const socketPath = '/var/run/docker.sock';
/** Whether a Docker Engine answers on this machine. */
export const hasDocker = async () => (await chooseRuntime({ host: nodeHost })).type === 'docker';

/** As the program itself has it, which is started anew where a port is forwarded. */
const hostOfProgram: Host = { ...nodeHost, selfCommand: () => [bootstrapProgram] };

/** A runtime of that owner on the machine's own engine. */
export function dockerRuntime(owner: string, log = recordingLog(), host = hostOfProgram): ContainerRuntime {
  return createDockerRuntime({ host, clock: systemClock, log, owner, socketPath });
}

export const docker = async (...args: readonly string[]) => expectCode(await run('docker', args), 0);

/** Pods of one test file on the machine's own Docker Engine; owner and image are gone after `end`. */
export class DockerPods extends RuntimePods {
  readonly runtime = dockerRuntime(this.owner, this.log);

  another(): ContainerRuntime {
    return dockerRuntime(this.owner);
  }

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
}
