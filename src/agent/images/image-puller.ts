import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { Slots } from '../../base/slots.ts';
import type { Container } from '../../kube/types.ts';
import { parseReference } from '../../runtime/images/reference.ts';
import type { ContainerRuntime, ImageInfo } from '../../runtime/runtime.ts';
import type { ImageFact } from '../plan/facts.ts';
import { type PullFailure, withImage } from '../state/pod-state.ts';
import type { PodStates } from '../state/pod-states.ts';
import { imageBackOff, nextFailure } from './image-back-off.ts';

export type ImagePolicy = Container['imagePullPolicy'];
/** Gets an image into the runtime: from its own store, from archives, from the registry, as the policy says. */
export type ObtainImage = (reference: string, policy: ImagePolicy) => Promise<ImageInfo>;

/** What came of fetching an image; `code`: the waiting reason that a failure is shown with. */
export type PullEnd =
  | { readonly info: ImageInfo; readonly tookMs: number }
  | { readonly failure: Pick<PullFailure, 'code' | 'message'> };

type Wanted = { readonly image: string; readonly imagePullPolicy: ImagePolicy };
export type ImagePullerOptions = {
  readonly runtime: Pick<ContainerRuntime, 'findImage'>;
  readonly obtain: ObtainImage;
  readonly clock: Clock;
  readonly log: Log;
  readonly states: PodStates;
  /** How many images are fetched at the same time. */
  readonly maxParallel: number;
};

/** An image that was just seen is not looked for again for the start that follows. */
const knownForMs = 5000;

/**
 * Gets images, each once at a time whoever asks, several at a time, and backs off per pod and image; another image, or
 * another form of the pod, is tried at once. Images that are there are never queued behind others.
 */
export class ImagePuller {
  readonly #options: ImagePullerOptions;
  readonly #slots: Slots;
  readonly #running = new Map<string, Promise<ImageInfo>>();
  /** Who is told when it ends, by pod and image: what another pod has begun says nothing to this one. */
  readonly #begun = new Set<string>();
  /** Policy Always: fetched for a start that is still to come, by pod and image. */
  readonly #fetched = new Map<string, ImageInfo>();
  /** Fetched for a start that is still to come, by pod and image. */
  readonly #pulled = new Set<string>();
  readonly #known = new Map<string, { readonly info: ImageInfo; readonly atMs: number }>();

  constructor(options: ImagePullerOptions) {
    this.#options = options;
    this.#slots = new Slots(options.maxParallel);
  }

  /** Whether a pod's image is at hand now, for the planner. */
  async fact(podUid: string, { image, imagePullPolicy }: Wanted): Promise<ImageFact> {
    const { states, clock, runtime } = this.#options;
    const failure = states.get(podUid).images[image];
    const backOff = failure && imageBackOff(image, failure, clock.now());
    if (backOff !== undefined) return backOff;
    if (this.#fetched.has(`${podUid}/${image}`)) return { state: 'present' };
    const info = imagePullPolicy === 'Always' ? undefined : await runtime.findImage(image);
    if (info !== undefined) {
      this.#knows(image, info);
      return { state: 'present' };
    }
    const isBegun = this.#begun.has(`${podUid}/${image}`);
    return isBegun ? { state: 'pulling', message: `pulling image ${image}` } : { state: 'missing' };
  }

  /**
   * Begins to get an image, or joins whoever is getting it; `onEnd` is called when it is there or cannot be had, which
   * `fact` then tells.
   */
  begin(podUid: string, wanted: Wanted, onEnd: (end: PullEnd) => void): void {
    const { clock } = this.#options;
    const key = `${podUid}/${wanted.image}`;
    const startedMs = clock.ticks();
    this.#begun.add(key);
    const done = (info: ImageInfo) => {
      if (wanted.imagePullPolicy === 'Always') this.#fetched.set(key, info);
      this.#pulled.add(key);
      onEnd({ info, tookMs: clock.ticks() - startedMs });
    };
    const failed = (thrown: unknown) => onEnd({ failure: this.#failureOf(wanted, thrown) });
    const obtained = this.#obtain(podUid, wanted).finally(() => this.#begun.delete(key));
    obtained.then(done, failed);
  }

  /** Whether the image of a container that starts was fetched for that; says so once. */
  takePulled(podUid: string, image: string): boolean {
    return this.#pulled.delete(`${podUid}/${image}`);
  }

  /** The image of a container that is about to start; throws with the reason when it cannot be had. */
  async get(podUid: string, wanted: Wanted): Promise<ImageInfo> {
    const { image, imagePullPolicy } = wanted;
    const key = `${podUid}/${image}`;
    const fetched = this.#fetched.get(key);
    this.#fetched.delete(key);
    if (fetched !== undefined) return fetched;
    const known = imagePullPolicy === 'Always' ? undefined : this.#known.get(image);
    if (known !== undefined && this.#options.clock.now() - known.atMs < knownForMs) return known.info;
    return this.#obtain(podUid, wanted);
  }

  /** Forgets a pod that is gone. */
  forget(podUid: string): void {
    for (const keys of [this.#fetched, this.#pulled]) {
      for (const key of keys.keys()) if (key.startsWith(`${podUid}/`)) keys.delete(key);
    }
  }

  async #obtain(podUid: string, wanted: Wanted): Promise<ImageInfo> {
    const { states } = this.#options;
    const { image } = wanted;
    try {
      const info = await (this.#running.get(image) ?? this.#start(wanted));
      if (states.get(podUid).images[image] !== undefined) {
        states.update(podUid, (state) => withImage(state, image, undefined));
      }
      this.#knows(image, info);
      return info;
    } catch (thrown) {
      const failure = this.#failureOf(wanted, thrown);
      states.update(podUid, (state) => withImage(state, image, nextFailure(state.images[image], failure)));
      throw thrown;
    }
  }

  #start({ image, imagePullPolicy }: Wanted): Promise<ImageInfo> {
    const { clock, log, obtain } = this.#options;
    const startedMs = clock.now();
    log.verbose(1, `getting image ${image}`);
    const running = this.#slots.run(() => obtain(image, imagePullPolicy));
    this.#running.set(image, running);
    const settled = () => this.#running.delete(image);
    running.then(() => {
      settled();
      log.info(`image ${image} is there after ${clock.now() - startedMs} ms`);
    }, settled);
    return running;
  }

  #failureOf({ image, imagePullPolicy }: Wanted, thrown: unknown): Omit<PullFailure, 'times'> {
    const atMs = this.#options.clock.now();
    const message = messageOf(thrown);
    if (!isReference(image)) return { atMs, code: 'InvalidImageName', message };
    return { atMs, code: imagePullPolicy === 'Never' ? 'ErrImageNeverPull' : 'ErrImagePull', message };
  }

  #knows(image: string, info: ImageInfo): void {
    const atMs = this.#options.clock.now();
    for (const [other, known] of this.#known) if (atMs - known.atMs >= knownForMs) this.#known.delete(other);
    this.#known.set(image, { info, atMs });
  }
}

function isReference(image: string): boolean {
  try {
    parseReference(image);
    return true;
  } catch {
    return false;
  }
}
