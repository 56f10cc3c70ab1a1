import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeHost } from '../../../src/host/node-host.ts';
import { expectCode, type Ran, run } from './command.ts';
import type { Engine, EngineContainer } from './engine.ts';

type Inspected = {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Status: string; readonly Pid: number };
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
};

const states = ['created', 'running', 'exited'] as const;

/** The machine's Docker Engine, by its API and the docker command. */
export class DockerEngine implements Engine {
  readonly type = 'docker';
  readonly socketPath: string;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  get endpoint(): string {
    return `unix://${this.socketPath}`;
  }

  async find(labels: Readonly<Record<string, string>>): Promise<readonly EngineContainer[]> {
    const label = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const filters = encodeURIComponent(JSON.stringify({ label }));
    const list = await this.#ask<readonly { readonly Id: string }[]>(`/containers/json?all=1&filters=${filters}`);
    const all = await Promise.all(
      list.map(({ Id }) => this.#ask<Inspected>(`/containers/${Id}/json`).catch(() => undefined)),
    );
    return all.filter((one) => one !== undefined).map(containerOf);
  }

  async remove(id: string): Promise<void> {
    await this.#run('rm', '-f', id);
  }

  async load(archive: string): Promise<void> {
    await this.#run('load', '-i', archive);
  }

  async tag(reference: string, name: string): Promise<void> {
    await this.#run('tag', reference, name);
  }

  async push(reference: string, login?: string): Promise<void> {
    const directory = mkdtempSync(join(tmpdir(), 'login-'));
    const auth = login && { [reference.split('/')[0] ?? '']: { auth: Buffer.from(login).toString('base64') } };
    writeFileSync(join(directory, 'config.json'), JSON.stringify({ auths: auth || {} }));
    await this.#run('--config', directory, 'push', '-q', reference);
    rmSync(directory, { recursive: true });
  }

  async removeName(reference: string): Promise<void> {
    await run('docker', ['rmi', reference]);
  }

  async removeImages(...references: readonly string[]): Promise<void> {
    await run('docker', ['rmi', '-f', ...references]);
  }

  async #run(...args: readonly string[]): Promise<Ran> {
    return expectCode(await run('docker', args), 0);
  }

  async #ask<T>(path: string): Promise<T> {
    const { socketPath } = this;
    const { status, body } = await nodeHost.request(`http://docker/v1.41${path}`, { socketPath, timeoutMs: 10_000 });
    if (status !== 200) throw new Error(`Docker answers ${status} to ${path}`);
    return JSON.parse(Buffer.from(body).toString()) as T;
  }
}

function containerOf({ Id, Name, State, Config }: Inspected): EngineContainer {
  return {
    id: Id,
    name: Name.slice(1),
    container: Config.Labels['io.kubernetes.container.name'] ?? '',
    state: states.find((state) => state === State.Status) ?? 'unknown',
    ...(State.Pid > 0 && { pid: State.Pid }),
    labels: Config.Labels,
  };
}
