import type { Clock } from '../../src/base/clock.ts';
import { labels as commonLabels } from '../../src/runtime/labels.ts';
import type {
  ObservedContainer,
  ObservedPod,
  ObservedSandbox,
  PodIdentity,
  RuntimeEvent,
} from '../../src/runtime/runtime.ts';
import { FakeEvents } from './fake-events.ts';

/** The sandboxes and containers of the runtime model, and what can happen to them from outside. */
export class FakePods {
  readonly sandboxes = new Map<string, ObservedSandbox>();
  readonly containers = new Map<string, ObservedContainer>();
  protected readonly clock: Clock;
  protected readonly runtimeEvents = new FakeEvents<RuntimeEvent>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** A container's program ends. */
  exit(id: string, exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error'): void {
    const container = this.containers.get(id);
    if (container?.state !== 'running') return;
    this.containers.set(id, { ...container, state: 'exited', exitCode, reason, finishedAtMs: this.clock.now() });
    this.runtimeEvents.push({ pod: container.pod, what: `die ${container.name}` });
  }

  killSandbox(id: string): void {
    const sandbox = this.sandboxes.get(id);
    if (sandbox?.ready !== true) return;
    this.sandboxes.set(id, { ...sandbox, ready: false });
    this.runtimeEvents.push({ pod: sandbox.pod, what: 'die POD' });
  }

  /** The machine goes down and comes up: everything is still listed, nothing runs. */
  reboot(): void {
    for (const id of this.containers.keys()) this.exit(id, 255, 'Error');
    for (const id of this.sandboxes.keys()) this.killSandbox(id);
  }

  /** Those with an owner label are somebody else's: the agent gives none. */
  protected observed(only?: { namespace: string; name: string }, foreign = false): readonly ObservedPod[] {
    const wanted = ({ pod, labels }: ObservedSandbox | ObservedContainer) =>
      (labels[commonLabels.owner] !== undefined) === foreign &&
      (only === undefined || (pod.namespace === only.namespace && pod.name === only.name));
    const pods = new Map<string, { pod: PodIdentity; sandboxes: ObservedSandbox[]; containers: ObservedContainer[] }>();
    const at = (pod: PodIdentity) => {
      const known = pods.get(pod.uid) ?? { pod, sandboxes: [], containers: [] };
      pods.set(pod.uid, known);
      return known;
    };
    for (const sandbox of [...this.sandboxes.values()].filter(wanted)) at(sandbox.pod).sandboxes.unshift(sandbox);
    for (const item of [...this.containers.values()].filter(wanted)) at(item.pod).containers.unshift(item);
    for (const pod of pods.values()) {
      pod.sandboxes.sort((a, b) => b.attempt - a.attempt);
      pod.containers.sort((a, b) => b.attempt - a.attempt);
    }
    return [...pods.values()];
  }
}
