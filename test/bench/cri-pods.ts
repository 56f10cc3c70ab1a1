import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OwnContainerd } from '../e2e/support/own-containerd.ts';
import { writeShellImage } from '../e2e/support/shell-image.ts';
import { appear, emptied } from './appears.ts';

/** Who runs the pods of a directory on the containerd of a run: our agent or a kubelet. */
export type PodServer = {
  readonly name: string;
  readonly manifests: string;
  readonly pid: number;
  start(): Promise<void>;
  end(): Promise<void>;
  destroy(): Promise<void>;
};

/** A containerd of its own, pods that say by a file that they run, and the times that a server of them needs. */
export class CriPods {
  readonly containerd = new OwnContainerd();
  readonly root = mkdtempSync(join(tmpdir(), 'bench-cri-'));
  readonly #out = join(this.root, 'out');
  readonly #image = `kube-bootstrap.test/bench:${process.pid}`;
  #round = 0;

  async begin(): Promise<void> {
    mkdirSync(this.#out);
    const archive = join(this.root, 'bench.tar');
    await writeShellImage(this.#image, archive);
    await this.containerd.start();
    await this.containerd.importImage(archive);
  }

  async end(): Promise<void> {
    await this.containerd.destroy();
    rmSync(this.root, { recursive: true, force: true });
  }

  /** The server runs, and has run a pod and taken it down. */
  async ready(server: PodServer): Promise<void> {
    await server.start();
    await this.timeUntilAllRun(server, ['warm-up']);
    await this.timeUntilAllGone(server);
    // What it does afterwards for that pod is over.
    await seconds(3);
  }

  /** Ends the server and removes what it has left: a kubelet keeps dead containers for a minute. */
  async done(server: PodServer): Promise<void> {
    await seconds(3);
    await server.end();
    await this.containerd.removePods();
  }

  /** From the first file moved in to the last program running, in ms. */
  async timeUntilAllRun(server: PodServer, names: readonly string[]): Promise<number> {
    this.#round += 1;
    const marks = names.map((name) => `${name}.${this.#round}`);
    for (const [index, name] of names.entries()) {
      writeFileSync(join(this.root, `${name}.json`), this.#manifest(name, marks[index] ?? ''));
    }
    const begun = performance.now();
    for (const name of names) {
      renameSync(join(this.root, `${name}.json`), join(server.manifests, `${name}.json`));
    }
    await appear(this.#out, marks);
    return performance.now() - begun;
  }

  /** From the first file removed to the last program and sandbox ended, in ms; who serves them tells nothing of it. */
  async timeUntilAllGone(server: PodServer): Promise<number> {
    const begun = performance.now();
    for (const name of readdirSync(server.manifests)) rmSync(join(server.manifests, name));
    await emptied(this.containerd.at('state/io.containerd.runtime.v2.task/k8s.io'));
    return performance.now() - begun;
  }

  #manifest(name: string, mark: string): string {
    const program = `trap "exit 0" TERM; : > ${join(this.#out, mark)}; sleep 100000 & wait`;
    const volumeMounts = [{ name: 'out', mountPath: this.#out }];
    const container = { name: 'main', image: this.#image, command: ['/bin/sh', '-c', program], volumeMounts };
    const spec = {
      hostNetwork: true,
      terminationGracePeriodSeconds: 5,
      containers: [container],
      volumes: [{ name: 'out', hostPath: { path: this.#out } }],
    };
    return `${JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec })}\n`;
  }
}

export function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}
