import { messageOf } from '../../base/errors.ts';
import { PodCgroups } from '../cgroups/pod-cgroups.ts';
import type { SandboxConfig } from '../runtime.ts';
import { ownAnnotations } from './annotations.ts';
import { lookTimeoutMs } from './client.ts';
import type { CriContext } from './context.ts';
import { createSandbox } from './create.ts';
import { CriError, hasStatus, status } from './cri-error.ts';
import type { CriFactsCache } from './facts.ts';
import { removeSandbox } from './remove.ts';
import { provideSandboxImage, sandboxImageIn } from './sandbox-image.ts';

/** Sandboxes with the control groups of their pods, which a kubelet would make itself. */
export class Sandboxes {
  readonly #context: CriContext;
  readonly #facts: CriFactsCache;
  readonly #groups: PodCgroups;
  /** Whether the runtime can be given a parent of control groups; undefined before it was tried. */
  #hasGroups: boolean | undefined;
  #swept: Promise<void> | undefined;

  constructor(context: CriContext, facts: CriFactsCache) {
    this.#context = context;
    this.#facts = facts;
    this.#groups = new PodCgroups(context);
  }

  async create(wanted: SandboxConfig): Promise<string> {
    this.#swept ??= this.#groups.sweep();
    const [facts] = await Promise.all([this.#facts.get(), this.#swept]);
    await provideSandboxImage(this.#context, facts, wanted.image);
    const config = await this.withGroup(wanted);
    const { cgroupParent, resources } = config;
    if (cgroupParent === undefined) return this.#make(config);
    try {
      const id = await this.#make(config);
      this.#hasGroups = true;
      if (resources !== undefined) await this.#groups.limit(cgroupParent, resources);
      return id;
    } catch (thrown) {
      if (this.#hasGroups === true || !(thrown instanceof CriError) || !/cgroup/i.test(thrown.message)) throw thrown;
      return this.#makeWithout(config, thrown);
    }
  }

  /** The sandbox as it is asked for here. */
  async withGroup(wanted: SandboxConfig): Promise<SandboxConfig> {
    if (this.#hasGroups === false) return wanted;
    const { cgroupDriver } = await this.#facts.get();
    const cgroupParent = wanted.cgroupParent ?? this.#groups.parentOf(wanted, cgroupDriver);
    if (cgroupParent === undefined) return wanted;
    const annotations = { ...wanted.annotations, [ownAnnotations.cgroupParent]: cgroupParent };
    return { ...wanted, cgroupParent, annotations };
  }

  async remove(id: string): Promise<void> {
    const cgroupParent = await this.#parentOf(id);
    await removeSandbox(this.#context, id);
    await this.#groups.remove(cgroupParent);
  }

  /** A runtime that does not tell of its sandbox image beforehand names it when it cannot have it. */
  async #make(config: SandboxConfig): Promise<string> {
    const create = () => createSandbox(this.#context.client, config, this.#context.owner);
    try {
      return await create();
    } catch (thrown) {
      const sandboxImage = sandboxImageIn(thrown);
      if (sandboxImage === undefined) throw thrown;
      await provideSandboxImage(this.#context, { ...(await this.#facts.get()), sandboxImage }, config.image);
      return create();
    }
  }

  async #makeWithout({ cgroupParent: _, ...config }: SandboxConfig, failure: CriError): Promise<string> {
    const id = await this.#make(config);
    this.#hasGroups = false;
    this.#context.warn(
      `the container runtime cannot use the cgroup parent of pods on this host (${messageOf(failure)}); ` +
        'there are no limits for a pod as a whole',
    );
    return id;
  }

  async #parentOf(id: string): Promise<string> {
    const what = `cannot look at sandbox ${id.slice(0, 13)}`;
    try {
      const options = { what, timeoutMs: lookTimeoutMs };
      const answer = await this.#context.client.call('PodSandboxStatus', { podSandboxId: id }, options);
      return answer.status?.annotations[ownAnnotations.cgroupParent] ?? '';
    } catch (thrown) {
      if (hasStatus(thrown, status.notFound)) return '';
      throw thrown;
    }
  }
}
