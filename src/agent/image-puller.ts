import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Container } from '../kube/types.ts';
import type { ContainerRuntime, ImageInfo } from '../runtime/runtime.ts';
import type { ImageFact } from './plan/facts.ts';

export type ImagePolicy = Container['imagePullPolicy'];
/** Gets an image into the runtime: from its own store, from archives, from the registry, as the policy says. */
export type ObtainImage = (reference: string, policy: ImagePolicy) => Promise<ImageInfo>;

type Wanted = { readonly image: string; readonly imagePullPolicy: ImagePolicy };
type Failure = { readonly times: number; readonly retryAtMs: number; readonly reason: string };

const firstDelayMs = 10_000;
const longestDelayMs = 300_000;
/** An image that was just seen is not looked for again for the start that follows. */
const knownForMs = 5000;
/** An image with policy Always that was fetched so recently is not asked for again for the start it was fetched for. */
const freshForMs = 60_000;

/** Gets images, each once at a time whoever asks, and backs off per pod and image: 10, 20, 40 … 300 s. */
export class ImagePuller {
  readonly #runtime: Pick<ContainerRuntime, 'findImage'>;
  readonly #obtain: ObtainImage;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #running = new Map<string, Promise<ImageInfo>>();
  readonly #failures = new Map<string, Failure>();
  readonly #fetchedAtMs = new Map<string, number>();
  readonly #known = new Map<string, { readonly info: ImageInfo; readonly atMs: number }>();

  constructor(options: {
    readonly runtime: Pick<ContainerRuntime, 'findImage'>;
    readonly obtain: ObtainImage;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.#runtime = options.runtime;
    this.#obtain = options.obtain;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Whether a pod's image is at hand now, for the planner. */
  async fact(podUid: string, { image, imagePullPolicy }: Wanted): Promise<ImageFact> {
    const failure = this.#failures.get(`${podUid}/${image}`);
    if (failure !== undefined && failure.retryAtMs > this.#clock.now()) {
      return { state: 'back-off', retryAtMs: failure.retryAtMs, reason: failure.reason };
    }
    const fetchedAtMs = this.#fetchedAtMs.get(`${podUid}/${image}`) ?? Number.NEGATIVE_INFINITY;
    const fresh = imagePullPolicy !== 'Always' || this.#clock.now() - fetchedAtMs < freshForMs;
    const info = fresh ? await this.#runtime.findImage(image) : undefined;
    if (info !== undefined) this.#known.set(image, { info, atMs: this.#clock.now() });
    return { state: info === undefined ? 'missing' : 'present' };
  }

  /** The image of a container that is about to start; throws with the reason when it cannot be had. */
  async get(podUid: string, { image, imagePullPolicy }: Wanted): Promise<ImageInfo> {
    const key = `${podUid}/${image}`;
    const known = this.#known.get(image);
    if (known !== undefined && this.#clock.now() - known.atMs < knownForMs) return known.info;
    const running = this.#running.get(image) ?? this.#start(image, imagePullPolicy);
    try {
      const info = await running;
      this.#failures.delete(key);
      this.#fetchedAtMs.set(key, this.#clock.now());
      this.#known.set(image, { info, atMs: this.#clock.now() });
      return info;
    } catch (thrown) {
      this.#failed(key, image, messageOf(thrown));
      throw thrown;
    }
  }

  /** Forgets a pod that is gone. */
  forget(podUid: string): void {
    for (const map of [this.#failures, this.#fetchedAtMs]) {
      for (const key of map.keys()) if (key.startsWith(`${podUid}/`)) map.delete(key);
    }
  }

  #start(image: string, policy: ImagePolicy): Promise<ImageInfo> {
    const started = this.#clock.now();
    this.#log.verbose(1, `getting image ${image}`);
    const running = this.#obtain(image, policy);
    this.#running.set(image, running);
    const settled = () => this.#running.delete(image);
    running.then(() => {
      settled();
      this.#log.info(`image ${image} is there after ${this.#clock.now() - started} ms`);
    }, settled);
    return running;
  }

  #failed(key: string, image: string, message: string): void {
    const times = (this.#failures.get(key)?.times ?? 0) + 1;
    const delayMs = Math.min(firstDelayMs * 2 ** (times - 1), longestDelayMs);
    const reason = `back-off ${delayMs / 1000}s pulling image ${image}: ${message}`;
    this.#failures.set(key, { times, retryAtMs: this.#clock.now() + delayMs, reason });
  }
}
