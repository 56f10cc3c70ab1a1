import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { ObservedContainer, ObservedPod } from '../../runtime/runtime.ts';
import type { CanaryDoors } from './doors.ts';
import { errorLine, lacksServer, refusedHandshake } from './error-line.ts';
import { serverOf } from './plan-trials.ts';
import type { CanaryPod } from './rewrite-pod.ts';

/** How a canary ended. `flags-read`: it took its command line, and there was nobody to try the rest against. */
export type Outcome =
  | { readonly is: 'ready' | 'flags-read'; readonly tookMs: number }
  | { readonly is: 'refused'; readonly reason: string; readonly lines: readonly string[] };

export type CanaryTools = {
  readonly doors: CanaryDoors;
  readonly clock: Clock;
  readonly isReady: (component: ComponentName) => Promise<boolean>;
  /** Makes the lease free that an ended canary may hold. */
  readonly forgetLeases: () => Promise<void>;
};

export type CanarySpec = CanaryPod & {
  readonly component: ComponentName;
  readonly uid: string;
  /** The server that it needs listens here. */
  readonly serverPort: number | undefined;
  /** Its paths as the user knows them, by what stands in for them. */
  readonly names: ReadonlyMap<string, string>;
};

/** What is seen of the canaries; `atMs`: when it was asked for. */
export type Sight = {
  readonly observed: readonly ObservedPod[];
  readonly atMs: number;
  /** Whether the server that a canary needs is ready. */
  readonly serverReady: boolean;
};

const readLines = 60;
/** A question that takes longer is left open, so that what the program says meanwhile is seen. */
const answerPatienceMs = 1_000;
/** client-go tools/leaderelection. */
const leads = /successfully acquired lease/i;

/** One component started beside the running one. It has its outcome when it is ready, exits, or cannot be started. */
export class Canary {
  readonly spec: CanarySpec;
  outcome: Outcome | undefined;
  /** Whether it ended only because its server was not there yet. */
  waits = false;
  readonly #tools: CanaryTools;
  readonly #beganMs: number;
  #attempt = 0;
  #startedMs: number | undefined;
  #readySinceMs: number | undefined;
  #question: Promise<void> | undefined;
  #saidReady = false;
  #container: { readonly id: string; readonly logPath: string } | undefined;

  constructor(spec: CanarySpec, tools: CanaryTools) {
    this.spec = spec;
    this.#tools = tools;
    this.#beganMs = tools.clock.now();
  }

  /** When its program was started last. */
  get startedMs(): number | undefined {
    return this.#startedMs;
  }

  /** Since when it is ready; undefined while it is not. */
  get readySinceMs(): number | undefined {
    return this.#readySinceMs;
  }

  /** Starts it; that it cannot be started is its outcome. */
  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (thrown) {
      this.refuse(messageOf(thrown), []);
    }
  }

  /** Ends the program and starts it anew, unless it leads: by itself it would look for its server only seconds from now. */
  async restart(): Promise<void> {
    const old = this.#container;
    if (!this.waits && (await this.lines(1000)).some((line) => leads.test(line))) {
      this.#startedMs = this.#tools.clock.now();
      return;
    }
    this.#container = undefined;
    this.#startedMs = undefined;
    this.#attempt += 1;
    this.#question = undefined;
    this.waits = false;
    if (old !== undefined) await (await this.#tools.doors.runtime()).stopContainer(old.id, 0);
    await this.#tools.forgetLeases();
    await this.start();
  }

  /** Looks once whether there is an outcome. */
  async look({ observed, atMs, serverReady }: Sight): Promise<void> {
    const container = this.#container;
    if (this.outcome !== undefined || container === undefined || this.waits) return;
    const found = observed.flatMap(({ containers }) => containers).find(({ id }) => id === container.id);
    // Started after that was seen.
    if (found === undefined && (this.#startedMs ?? atMs) >= atMs) return;
    if (found === undefined || found.state === 'exited') return this.#exited(found, serverReady);
    if (await this.#isReady()) return this.#end('ready');
    const { serverPort } = this.spec;
    if (!serverReady || serverPort === undefined) return;
    const lines = await this.lines();
    const reason = refusedHandshake(lines, serverPort);
    if (reason !== undefined) this.refuse(`its connection to ${serverOf[this.spec.component]}: ${reason}`, lines);
  }

  /** One question at a time; a slow machine may answer it at a later look. */
  async #isReady(): Promise<boolean> {
    this.#question ??= this.#ask();
    const over = new AbortController();
    await Promise.race([this.#question, sleep(this.#tools.clock, answerPatienceMs, over.signal)]);
    over.abort();
    return this.#saidReady;
  }

  async #ask(): Promise<void> {
    const attempt = this.#attempt;
    const ready = await this.#tools.isReady(this.spec.component);
    if (attempt !== this.#attempt) return;
    this.#saidReady = ready;
    this.#question = undefined;
  }

  /** Nobody is there to try the rest against. */
  settleForFlags(): void {
    this.#end('flags-read');
  }

  refuse(reason: string, lines: readonly string[]): void {
    this.outcome = { is: 'refused', reason: this.#named(reason), lines: lines.map((line) => this.#named(line)) };
  }

  /** What it wrote last, newest last. */
  async lines(count = readLines): Promise<readonly string[]> {
    if (this.#container === undefined) return [];
    return this.#tools.doors.lastLines(this.#container.logPath, count).catch(() => []);
  }

  async #start(): Promise<void> {
    const { doors, clock } = this.#tools;
    const { pod, uid } = this.spec;
    const [main] = pod.spec.containers;
    if (main === undefined) throw new Error('it has no container');
    const [runtime, image] = await Promise.all([doors.runtime(), doors.obtainImage(main.image, main.imagePullPolicy)]);
    const { sandbox, container } = await doors.podConfigs(pod, { uid, attempt: this.#attempt, image });
    const refusals = await runtime.refusals(sandbox, [container]);
    if (refusals.length > 0) throw new Error(refusals.join('; '));
    const sandboxId = await runtime.createSandbox(sandbox);
    const id = await runtime.startContainer(sandboxId, sandbox, container);
    this.#container = { id, logPath: container.logPath };
    this.#startedMs = clock.now();
  }

  async #exited(found: ObservedContainer | undefined, serverReady: boolean): Promise<void> {
    const lines = await this.lines();
    const reason = errorLine(lines);
    const { serverPort } = this.spec;
    if (!serverReady && serverPort !== undefined && reason !== undefined && lacksServer(reason)) {
      this.waits = true;
      return;
    }
    if (found?.reason === 'OOMKilled')
      return this.refuse('it was killed for lack of memory: its limit is too low', lines);
    this.refuse(reason ?? found?.message ?? `it exited with code ${found?.exitCode ?? '?'} and wrote nothing`, lines);
  }

  #end(is: 'ready' | 'flags-read'): void {
    const now = this.#tools.clock.now();
    if (is === 'ready') this.#readySinceMs = now;
    this.outcome ??= { is, tookMs: now - this.#beganMs };
  }

  #named(text: string): string {
    let named = text;
    for (const [standIn, name] of this.spec.names) named = named.replaceAll(standIn, name);
    return named;
  }
}
