import type { PodOver, RestartAfterStop } from '../plan/facts.ts';

/** A stop that was begun: since when (all of the pod's grace counts from there), and whether the signal may be out already. */
export type BegunStop = {
  readonly sinceMs: number;
  readonly signalled: boolean;
  readonly restart?: RestartAfterStop;
  /** Why, when somebody asked for it. */
  readonly why?: string;
};

/** What is remembered of one container, by its id. */
export type ContainerMemory = {
  readonly started?: boolean;
  readonly ready?: boolean;
  readonly stop?: BegunStop;
};

/** How often an image could not be had, when that was last, and why. */
export type PullFailure = {
  readonly times: number;
  readonly atMs: number;
  readonly code: 'ErrImagePull' | 'ErrImageNeverPull' | 'InvalidImageName';
  readonly message: string;
};

/** Since when a condition has its status. */
export type Transition = { readonly status: string; readonly sinceMs: number };

/** What of a pod must outlive the agent and can be read from nothing else. Losing it costs a flap or a repeated wait. */
export type PodState = {
  /** Of the manifest that this is about: under an explicit UID it may become another. */
  readonly hash?: string;
  /** When the pod was first known. */
  readonly startMs?: number;
  /** How it ended for good. */
  readonly over?: PodOver;
  readonly conditions: Readonly<Record<string, Transition>>;
  readonly containers: Readonly<Record<string, ContainerMemory>>;
  readonly images: Readonly<Record<string, PullFailure>>;
};

export const emptyState: PodState = { conditions: {}, containers: {}, images: {} };

/** A state from its file; undefined when that is not one. */
export function decodeState(text: string): PodState | undefined {
  try {
    const value = JSON.parse(text) as Partial<PodState> | null;
    const parts = [value?.conditions, value?.containers, value?.images];
    if (!parts.every((part) => typeof part === 'object' && part !== null && !Array.isArray(part))) return undefined;
    return { ...emptyState, ...value };
  } catch {
    return undefined;
  }
}

/** The state of a pod that is wanted; another manifest under the same UID is another pod, which begins now. */
export function begun(state: PodState, hash: string, nowMs: number): PodState {
  if (state.startMs !== undefined && state.hash === hash) return state;
  const { over: _ended, ...rest } = state;
  return { ...rest, hash, startMs: nowMs, conditions: {} };
}

/** The same state with one container's memory changed. */
export function withContainer(state: PodState, id: string, change: Partial<ContainerMemory>): PodState {
  return { ...state, containers: { ...state.containers, [id]: { ...state.containers[id], ...change } } };
}

/** Without the containers that are gone. */
export function onlyContainers(state: PodState, ids: ReadonlySet<string>): PodState {
  const kept = Object.entries(state.containers).filter(([id]) => ids.has(id));
  return { ...state, containers: Object.fromEntries(kept) };
}

/** Each condition with the time since when it has its present status. */
export function withConditions(
  state: PodState,
  conditions: readonly { readonly type: string; readonly status: string }[],
  nowMs: number,
): PodState {
  const entries = conditions.map(({ type, status }) => {
    const known = state.conditions[type];
    return [type, known?.status === status ? known : { status, sinceMs: nowMs }] as const;
  });
  return { ...state, conditions: Object.fromEntries(entries) };
}

/** With an image's failure, or without when it was had. */
export function withImage(state: PodState, image: string, failure: PullFailure | undefined): PodState {
  const { [image]: _before, ...others } = state.images;
  return { ...state, images: failure === undefined ? others : { ...others, [image]: failure } };
}
