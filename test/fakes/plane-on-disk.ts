import { dirname, join, resolve } from 'node:path';
import { controlPlaneTaint } from '../../src/config/constants.ts';
import { pathsOf } from '../../src/config/paths.ts';
import type { Config } from '../../src/config/types.ts';
import type { Host } from '../../src/host/host.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import type { AgentPod, AgentStatus } from '../../src/kube/agent-socket.ts';
import { decodePod } from '../../src/kube/pod.ts';
import { components, manifestFile } from '../../src/manifests/components.ts';
import { configurationText, gatherRevision } from '../../src/rollout/revisions/gather-revision.ts';
import { writeRevision } from '../../src/rollout/revisions/revisions.ts';
import { aComponentPod, aHost, anAgentStatus } from './init-context.ts';
import { MemoryHost } from './memory-host.ts';
import { anEcdsaConfig, makePki, pkiContext } from './pki-context.ts';
import { aDraft } from './revision-builders.ts';
import { renderedPods } from './rollout-builders.ts';

const paths = pathsOf('/');

/** A control plane as `init` leaves it, on a disk in memory: manifests, certificates and its first revision. */
export class PlaneOnDisk {
  readonly disk = new MemoryHost();
  readonly host: Host;
  /** What the agent runs by the manifests of this moment; none answers when undefined. */
  status: AgentStatus | undefined;

  constructor() {
    const real = (path: string) => path.startsWith(resolve('templates'));
    const memory = aHost(this.disk, { environment: () => ({}) });
    this.host = {
      ...memory,
      addresses: () => [{ name: 'eth0', address: '192.0.2.10', family: 4, loopback: false }],
      defaultInterface: async () => 'eth0',
      stat: (path, options) => (real(path) ? nodeHost : memory).stat(path, options),
      list: (path) => (real(path) ? nodeHost : memory).list(path),
      readText: (path) => (real(path) ? nodeHost : memory).readText(path),
      request: async (url: string) => {
        // The cluster has every object as it shall be.
        if (url.startsWith('https:')) return { status: 200, headers: {}, body: Buffer.from('{"metadata":{}}') };
        if (this.status === undefined) throw new Error('connect ECONNREFUSED');
        return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(this.status)) };
      },
    };
  }

  static async make(config: Config = anEcdsaConfig()): Promise<PlaneOnDisk> {
    const plane = new PlaneOnDisk();
    await makePki(pkiContext(plane.disk, { config }));
    for (const { file, text } of (await renderedPods(config)).values()) await plane.write(file, text);
    const content = await gatherRevision(plane.host, { config, paths });
    await writeRevision(
      plane.host,
      paths.revisionsDir,
      aDraft({ ...content, configuration: configurationText(withTaint(config)) }),
    );
    await plane.runAll();
    return plane;
  }

  /** The agent runs what the manifests say now. */
  async runAll(): Promise<void> {
    const pods: AgentPod[] = [];
    for (const { name } of components) {
      const file = join(paths.manifestsDir, manifestFile(name));
      const { pod } = decodePod(this.disk.text(file) ?? '', file);
      if (pod === undefined) continue;
      const { status } = aComponentPod(name).pod;
      const metadata = { ...pod.metadata, name: `${name}-node1`, uid: 'a1' };
      pods.push({
        file,
        pod: { ...pod, metadata, spec: { ...pod.spec, nodeName: 'node1' }, ...(status && { status }) },
      });
    }
    this.status = anAgentStatus(pods);
  }

  async edit(file: string, change: (text: string) => string): Promise<void> {
    await this.write(file, change(this.disk.text(file) ?? ''));
  }

  async write(path: string, text: string): Promise<void> {
    await this.disk.makeDirectory(dirname(path));
    await this.disk.writeFile(path, text, { mode: 0o600 });
  }
}

/** As it is once it was read from a file. */
function withTaint(config: Config): Config {
  const nodeRegistration = { ...config.init.nodeRegistration, taints: [controlPlaneTaint] };
  return { ...config, init: { ...config.init, nodeRegistration } };
}
