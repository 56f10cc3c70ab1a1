import type { KubeClient } from '../../kube/client.ts';
import type { Node } from '../../kube/node-types.ts';
import type { ApiSource } from '../../kube/reflector.ts';

/** The agent's way to its API server. Nothing here is ever waited for by a pod. */
export interface AgentApi extends ApiSource {
  readonly nodeName: string;
  /** Undefined: no credentials (yet), or none that hold. Another object after they have changed. */
  client(): KubeClient | undefined;
  /** Why there is no client, or what the API server refuses; in words, undefined when all is well. */
  problem(): string | undefined;
  /** The own Node as last seen; undefined: not registered, or deleted. */
  node(): Node | undefined;
  /** Calls back when client or node have changed, and when trying again is worth it. The returned function ends it. */
  onChange(listener: () => void): () => void;
}

/** Who may say what is wrong; the first of them is shown. */
const speakers = ['bootstrap', 'credentials', 'watch', 'node', 'lease', 'rotation', 'serving'] as const;
export type ApiSpeaker = (typeof speakers)[number];

/** What is known of the API server: written by those who keep credentials, Node and Lease, read by everyone else. */
export class ApiState implements AgentApi {
  readonly nodeName: string;
  #client: KubeClient | undefined;
  #node: Node | undefined;
  readonly #problems = new Map<ApiSpeaker, string>();
  readonly #listeners = new Set<() => void>();

  constructor(nodeName: string) {
    this.nodeName = nodeName;
  }

  client(): KubeClient | undefined {
    return this.#client;
  }

  node(): Node | undefined {
    return this.#node;
  }

  problem(): string | undefined {
    return speakers.map((speaker) => this.#problems.get(speaker)).find((problem) => problem !== undefined);
  }

  onChange(listener: () => void): () => void {
    const own = () => listener();
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  setClient(client: KubeClient | undefined): void {
    if (client === this.#client) return;
    this.#client = client;
    this.nudge();
  }

  setNode(node: Node | undefined): void {
    const before = this.#node;
    this.#node = node;
    if (before?.metadata.resourceVersion !== node?.metadata.resourceVersion) this.nudge();
  }

  /** True when that is news. */
  setProblem(speaker: ApiSpeaker, problem: string | undefined): boolean {
    if (this.#problems.get(speaker) === problem) return false;
    if (problem === undefined) this.#problems.delete(speaker);
    else this.#problems.set(speaker, problem);
    return true;
  }

  /** Whoever waits to try again may do so now. */
  nudge(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
