import type { Log } from '../../base/log.ts';
import type { EventRecorder } from '../events/recorder.ts';
import type { FoundPod } from './found-pod.ts';

type Doors = { readonly log: Log; readonly events: Pick<EventRecorder, 'record'> };

/** Pods of the API that somebody has bound to this node, which runs static pods only: each is told of once. */
export class Strangers {
  readonly #doors: Doors;
  readonly #told = new Map<string, string>();

  constructor(doors: Doors) {
    this.#doors = doors;
  }

  /** With the reason that a kubelet without room for a pod gives. */
  see({ key, uid }: FoundPod, nodeName: string): void {
    if (this.#told.get(key) === uid) return;
    this.#told.set(key, uid);
    const message = `node ${nodeName} runs static pods only (it declares room for 0 others): this pod is left as it is and will not start`;
    this.#doors.log.warn(`pod ${key} of the API: ${message}`);
    const [namespace = '', name = ''] = key.split('/');
    this.#doors.events.record({
      about: { kind: 'Pod', namespace, name, uid },
      type: 'Warning',
      reason: 'OutOfpods',
      message,
    });
  }

  forget(key: string): void {
    this.#told.delete(key);
  }
}
