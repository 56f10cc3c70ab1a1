import type { Log } from '../../base/log.ts';
import type { ApiStatusError } from '../../kube/client.ts';
import type { Pod } from '../../kube/types.ts';
import type { EventRecorder } from '../events/recorder.ts';
import { hashOf } from './mirror-body.ts';
import type { MirrorAction } from './plan-mirror.ts';

type Problem = { times: number; words?: string };
type Doors = { readonly log: Log; readonly events: Pick<EventRecorder, 'record'> };

/** An API server that has just started refuses what it will take a moment later. */
const toldFromTimes = 3;
const mostShown = 10;

const deeds = {
  create: 'runs, but the cluster does not show it',
  delete: 'has a mirror pod that cannot be removed',
  'set-status': 'runs, but its status cannot be shown in the cluster',
} as const;

/** Pods that the API does not show as they are, and why. Each is told once in log and events, and again when it changes. */
export class MirrorProblems {
  readonly #doors: Doors;
  readonly #problems = new Map<string, Problem>();

  constructor(doors: Doors) {
    this.#doors = doors;
  }

  words(): readonly string[] {
    const all = [...this.#problems.values()].flatMap(({ words }) => (words === undefined ? [] : [words])).sort();
    const more = all.length - mostShown;
    return more > 0 ? [...all.slice(0, mostShown), `… and the same of ${more} more pods`] : all;
  }

  /** The API server has refused something; `pod`: the static pod, where there is one. */
  refused(key: string, pod: Pod | undefined, about: { readonly action: MirrorAction; readonly error: ApiStatusError }) {
    const problem = this.#of(key);
    problem.times += 1;
    if (problem.times < toldFromTimes) return;
    const { action, error } = about;
    const who = error.status === 403 || error.status === 422 ? 'the API server refuses it' : 'the API server says';
    this.#tell(key, pod, `${key} ${deeds[action.do]}: ${who}: ${error.detail}`);
  }

  /** Something is in the way that is no refusal. */
  stands(key: string, pod: Pod | undefined, words: string): void {
    this.#of(key);
    this.#tell(key, pod, `${key} ${deeds.create}: ${words}`);
  }

  solved(key: string): void {
    const problem = this.#problems.get(key);
    this.#problems.delete(key);
    if (problem?.words !== undefined) this.#doors.log.info(`mirror pod ${key}: nothing stands in its way any more`);
  }

  #of(key: string): Problem {
    const problem = this.#problems.get(key) ?? { times: 0 };
    this.#problems.set(key, problem);
    return problem;
  }

  #tell(key: string, pod: Pod | undefined, words: string): void {
    const problem = this.#of(key);
    if (problem.words === words) return;
    problem.words = words;
    this.#doors.log.warn(words);
    if (pod === undefined) return;
    const { name, namespace } = pod.metadata;
    const about = { kind: 'Pod', namespace, name, uid: hashOf(pod) } as const;
    this.#doors.events.record({ about, type: 'Warning', reason: 'FailedMirrorPod', message: words });
  }
}
