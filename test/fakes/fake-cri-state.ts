import type { Calls } from '../../src/runtime/cri/calls.ts';
import type {
  Container,
  ContainerStatus,
  CriContainerConfig,
  CriImage,
  PodSandboxStatus,
} from '../../src/runtime/cri/messages.ts';

/** An answer with a code of gRPC's, such as 5 for NOT_FOUND. */
export class CriFailure {
  readonly code: number;
  readonly details: string;

  constructor(code: number, details: string) {
    this.code = code;
    this.details = details;
  }
}

type Asked = keyof Calls;
type Filter = { readonly id?: string; readonly podSandboxId?: string; readonly labelSelector?: Record<string, string> };
type KeptContainer = Container & ContainerStatus;
type Handlers = { readonly [M in Asked]?: (request: Calls[M]['request']) => object | CriFailure };

const createdAt = 1_700_000_000_000_000_000;
const unimplemented = 12;
const notFound = 5;
const unknown = 2;

/** What a runtime keeps: sandboxes, containers and images, by the rules of containerd's CRI plugin. */
export class FakeCriState {
  readonly sandboxes = new Map<string, PodSandboxStatus>();
  readonly containers = new Map<string, KeptContainer>();
  readonly images: CriImage[] = [];
  /** By container, what it was made from. */
  readonly configs = new Map<string, CriContainerConfig>();
  #made = 0;

  answer(method: Asked, request: object): object | CriFailure {
    const handler = this.#handlers[method] as ((request: object) => object | CriFailure) | undefined;
    return handler?.(request) ?? new CriFailure(unimplemented, `unknown method ${method}`);
  }

  readonly #handlers: Handlers = {
    Version: () => ({ runtimeName: 'containerd', runtimeVersion: '1.6.20', runtimeApiVersion: 'v1' }),
    Status: () => ({ status: { conditions: [condition('RuntimeReady'), condition('NetworkReady')] }, info: {} }),
    RunPodSandbox: ({ config }) => {
      const { metadata, labels, annotations, linux } = config;
      const holder = [...this.sandboxes.values()].find((one) => same(one.metadata, metadata));
      if (holder !== undefined) return reserved('sandbox', holder.id);
      const id = this.#newId();
      const options = linux.securityContext.namespaceOptions;
      const network = options.network === 'NODE' ? null : { ip: '10.88.0.2', additionalIps: [] };
      const state = 'SANDBOX_READY' as const;
      const placed = { network, linux: { namespaces: { options } } };
      this.sandboxes.set(id, { id, metadata, state, createdAt, labels, annotations, ...placed });
      return { podSandboxId: id };
    },
    StopPodSandbox: ({ podSandboxId }) => this.#stopSandbox(podSandboxId),
    RemovePodSandbox: ({ podSandboxId }) => {
      this.sandboxes.delete(podSandboxId);
      for (const [id, one] of this.containers) if (one.podSandboxId === podSandboxId) this.containers.delete(id);
      return {};
    },
    PodSandboxStatus: ({ podSandboxId }) => found('sandbox', podSandboxId, this.sandboxes.get(podSandboxId)),
    ListPodSandbox: ({ filter }) => ({ items: [...this.sandboxes.values()].filter((one) => passes(one, filter)) }),
    CreateContainer: ({ podSandboxId, config, sandboxConfig }) => {
      const holder = [...this.containers.values()].find(
        (one) => one.podSandboxId === podSandboxId && same(one.metadata, config.metadata),
      );
      if (holder !== undefined) return reserved('container', holder.id);
      const id = this.#newId();
      this.configs.set(id, config);
      this.containers.set(id, {
        ...{ id, podSandboxId, metadata: config.metadata, image: config.image, imageRef: config.image.image },
        ...{ state: 'CONTAINER_CREATED', createdAt, labels: config.labels, annotations: config.annotations },
        ...{ startedAt: 0, finishedAt: 0, exitCode: 0, reason: '', message: '' },
        logPath: `${sandboxConfig.logDirectory}/${config.logPath}`,
      });
      return { containerId: id };
    },
    StartContainer: ({ containerId }) =>
      this.change(containerId, { state: 'CONTAINER_RUNNING', startedAt: createdAt + 1e9 }),
    StopContainer: ({ containerId }) =>
      this.change(containerId, { state: 'CONTAINER_EXITED', finishedAt: createdAt + 2e9, exitCode: 143 }),
    RemoveContainer: ({ containerId }) => {
      this.containers.delete(containerId);
      return {};
    },
    ContainerStatus: ({ containerId }) => found('container', containerId, this.containers.get(containerId)),
    ListContainers: ({ filter }) => ({
      containers: [...this.containers.values()].filter((one) => passes(one, filter)),
    }),
    ListImages: () => ({ images: this.images }),
    ImageStatus: ({ image }) => ({ image: this.#image(image.image) ?? null }),
    RemoveImage: ({ image }) => {
      const kept = this.#image(image.image);
      if (kept !== undefined) this.images.splice(this.images.indexOf(kept), 1);
      return {};
    },
  };

  /** Says something else of a container from now on. */
  change(id: string, change: Partial<KeptContainer>): object | CriFailure {
    const kept = this.containers.get(id);
    if (kept === undefined) return new CriFailure(notFound, `container "${id}": not found`);
    this.containers.set(id, { ...kept, ...change });
    return {};
  }

  #stopSandbox(id: string): object | CriFailure {
    const kept = this.sandboxes.get(id);
    if (kept === undefined) return new CriFailure(notFound, `sandbox "${id}": not found`);
    this.sandboxes.set(id, { ...kept, state: 'SANDBOX_NOTREADY' });
    return {};
  }

  #image(reference: string): CriImage | undefined {
    return this.images.find(({ id, repoTags }) => id === reference || repoTags.includes(reference));
  }

  #newId(): string {
    this.#made += 1;
    return this.#made.toString(16).padStart(64, '0');
  }
}

function condition(type: string) {
  return { type, status: true, reason: '', message: '' };
}

/** As containerd's registrar says it (pkg/registrar/registrar.go). */
function reserved(what: string, id: string): CriFailure {
  return new CriFailure(unknown, `failed to reserve ${what} name "x": name "x" is reserved for "${id}"`);
}

function found(what: string, id: string, status: object | undefined): object | CriFailure {
  return status === undefined ? new CriFailure(notFound, `${what} "${id}": not found`) : { status };
}

function same(one: object | null, other: object): boolean {
  const entries = Object.entries(other);
  return one !== null && entries.every(([key, value]) => Reflect.get(one, key) === value);
}

function passes(
  one: { readonly id: string; readonly labels: Readonly<Record<string, string>>; readonly podSandboxId?: string },
  filter: Filter | null | undefined,
): boolean {
  if (filter === null || filter === undefined) return true;
  const { id = '', podSandboxId = '', labelSelector = {} } = filter;
  if (id !== '' && one.id !== id) return false;
  if (podSandboxId !== '' && one.podSandboxId !== podSandboxId) return false;
  return Object.entries(labelSelector).every(([key, value]) => one.labels[key] === value);
}
