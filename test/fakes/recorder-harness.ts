import { ApiState } from '../../src/agent/api/agent-api.ts';
import type { ClusterEvent } from '../../src/agent/events/cluster-event.ts';
import { EventRecorder } from '../../src/agent/events/recorder.ts';
import { FakeApi, type StoredObject } from './fake-api.ts';
import { FakeClock } from './fake-clock.ts';
import { recordingLog } from './recording-log.ts';

/** A recorder and the API server that it tells, in memory. */
export class RecorderHarness {
  readonly clock = new FakeClock();
  readonly log = recordingLog();
  readonly server = new FakeApi();
  readonly api = new ApiState('node1');
  readonly recorder: EventRecorder;
  readonly #over = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor() {
    const { api, clock, log } = this;
    this.recorder = new EventRecorder({ api, clock, log, random: () => 1 });
  }

  start(): void {
    this.#running = this.recorder.run(this.#over.signal);
    this.api.setClient(this.server.client());
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.clock.advance(0);
    await this.#running;
  }

  events(): readonly StoredObject[] {
    return [...this.server.objects].filter(([path]) => path.includes('/events/')).map(([, object]) => object);
  }

  /** What the API server has: reason, message and how often. */
  told(): readonly string[] {
    return this.events().map(({ reason, message, count }) => `${reason}: ${message} ×${count}`);
  }
}

export function anEvent(change: Partial<ClusterEvent> = {}, pod = 'web-node1'): ClusterEvent {
  const about = {
    kind: 'Pod',
    namespace: 'default',
    name: pod,
    uid: 'hash1',
    fieldPath: 'spec.containers{app}',
  } as const;
  return { about, type: 'Normal', reason: 'Started', message: 'Container started', ...change };
}
