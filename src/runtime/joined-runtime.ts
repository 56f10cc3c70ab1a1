import { messageOf } from '../base/errors.ts';
import { placeText, type RuntimePlace } from './place.ts';
import type {
  ContainerConfig,
  ContainerRuntime,
  ContainerStats,
  ObservedPod,
  RuntimeEvent,
  SandboxConfig,
} from './runtime.ts';

/** A runtime that pods are still in, or may stay in for a while. */
export type FormerRuntime = { readonly place: RuntimePlace; readonly runtime: ContainerRuntime };

type Named = { readonly namespace: string; readonly name: string };

/**
 * One runtime for pods that move from others into it. What is in a former one is marked `former`; a sandbox is made there
 * only when its configuration says so. What is done to a container or sandbox is done where it is. A former runtime that
 * does not answer fails every look: what of it runs is not known, and must not run twice.
 */
export function joinedRuntime(wanted: ContainerRuntime, formers: readonly FormerRuntime[]): ContainerRuntime {
  const places = new Places(wanted, formers);
  const all = [wanted, ...formers.map(({ runtime }) => runtime)];
  const sandboxes = ({ former }: SandboxConfig) => places.named(former);
  return {
    type: wanted.type,
    version: () => wanted.version(),
    network: () => wanted.network(),
    observePods: (only) => places.observe(only),
    observeForeign: (only) => wanted.observeForeign(only),
    foreignPods: (pod) => wanted.foreignPods(pod),
    findImage: (reference) => wanted.findImage(reference),
    listImages: () => wanted.listImages(),
    pullImage: (reference, options) => wanted.pullImage(reference, options),
    importArchive: (path) => wanted.importArchive(path),
    removeImage: (id) => wanted.removeImage(id),
    refusals: (sandbox, containers) => sandboxes(sandbox).refusals(sandbox, containers),
    createSandbox: async (config) => places.note(await sandboxes(config).createSandbox(config), sandboxes(config)),
    startContainer: async (sandboxId, sandbox, config) => {
      const runtime = places.of(sandboxId);
      const own = runtime === wanted ? config : await withOwnImage(runtime, config);
      return places.note(await runtime.startContainer(sandboxId, sandbox, own), runtime);
    },
    stopContainer: (id, graceSeconds) => places.of(id).stopContainer(id, graceSeconds),
    removeContainer: (id) => places.of(id).removeContainer(id),
    stopSandbox: (id) => places.of(id).stopSandbox(id),
    removeSandbox: (id) => places.of(id).removeSandbox(id),
    exec: (id, command, timeoutMs) => places.of(id).exec(id, command, timeoutMs),
    streams: {
      exec: (id, command, io) => places.of(id).streams.exec(id, command, io),
      attach: (id, io) => places.of(id).streams.attach(id, io),
      portForward: (id, port) => places.of(id).streams.portForward(id, port),
    },
    moveLog: async (log, to) => places.of(log.id).moveLog?.(log, to),
    stats: (ids) => statsOf(places, ids),
    events: (signal) => merged(all.map((runtime) => runtime.events(signal))),
    close: async () => void (await Promise.all(all.map((runtime) => runtime.close()))),
  };
}

/** Which container and sandbox is where, as far as it was seen or made here; whatever else is in the wanted runtime. */
class Places {
  readonly #wanted: ContainerRuntime;
  readonly #formers: readonly FormerRuntime[];
  readonly #known = new Map<string, ContainerRuntime>();

  constructor(wanted: ContainerRuntime, formers: readonly FormerRuntime[]) {
    this.#wanted = wanted;
    this.#formers = formers;
  }

  of(id: string): ContainerRuntime {
    return this.#known.get(id) ?? this.#wanted;
  }

  named(place: string | undefined): ContainerRuntime {
    const former = this.#formers.find((candidate) => placeText(candidate.place) === place);
    return former?.runtime ?? this.#wanted;
  }

  note(id: string, runtime: ContainerRuntime): string {
    if (runtime !== this.#wanted) this.#known.set(id, runtime);
    return id;
  }

  async observe(only: Named | undefined): Promise<readonly ObservedPod[]> {
    const [here, ...there] = await Promise.all([
      this.#wanted.observePods(only),
      ...this.#formers.map((former) => observeFormer(former, only)),
    ]);
    // The same engine may be reached by two endpoints.
    const ids = new Set((here ?? []).flatMap(idsOf));
    const moved = there.map((pods) => pods.filter((pod) => idsOf(pod).every((id) => !ids.has(id))));
    for (const [index, { runtime }] of this.#formers.entries()) {
      for (const id of (moved[index] ?? []).flatMap(idsOf)) this.#known.set(id, runtime);
    }
    return byUid([...(here ?? []), ...moved.flat()]);
  }
}

async function observeFormer({ place, runtime }: FormerRuntime, only: Named | undefined): Promise<ObservedPod[]> {
  const former = placeText(place);
  try {
    return (await runtime.observePods(only)).map(({ sandboxes, containers, ...pod }) => ({
      ...pod,
      sandboxes: sandboxes.map((sandbox) => ({ ...sandbox, former })),
      containers: containers.map((container) => ({ ...container, former })),
    }));
  } catch (thrown) {
    throw new Error(`${former}, which pods move out of, does not say what is there: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

function idsOf({ sandboxes, containers }: ObservedPod): readonly string[] {
  return [...sandboxes, ...containers].map(({ id }) => id);
}

/** One entry for a pod that is in two runtimes, what is in the wanted one first. */
function byUid(pods: readonly ObservedPod[]): readonly ObservedPod[] {
  const groups = Map.groupBy(pods, ({ pod }) => `${pod.namespace}/${pod.name}/${pod.uid}`);
  return [...groups.values()].flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : [
          {
            ...first,
            sandboxes: [first, ...others].flatMap(({ sandboxes }) => sandboxes),
            containers: [first, ...others].flatMap(({ containers }) => containers),
          },
        ],
  );
}

/** Image ids are a runtime's own. */
async function withOwnImage(runtime: ContainerRuntime, config: ContainerConfig): Promise<ContainerConfig> {
  const imageId = (await runtime.findImage(config.image))?.id;
  return imageId === undefined ? config : { ...config, imageId };
}

async function statsOf(places: Places, ids: readonly string[]): Promise<readonly ContainerStats[]> {
  const groups = Map.groupBy(ids, (id) => places.of(id));
  return (await Promise.all([...groups].map(([runtime, own]) => runtime.stats(own)))).flat();
}

/** What any of them gives, as it comes; ends when all have. */
async function* merged(sources: readonly AsyncIterable<RuntimeEvent>[]): AsyncIterable<RuntimeEvent> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const next = async (iterator: AsyncIterator<RuntimeEvent>) => ({ iterator, result: await iterator.next() });
  const waiting = new Map(iterators.map((iterator) => [iterator, next(iterator)]));
  while (waiting.size > 0) {
    const { iterator, result } = await Promise.race(waiting.values());
    if (result.done === true) waiting.delete(iterator);
    else {
      waiting.set(iterator, next(iterator));
      yield result.value;
    }
  }
}
