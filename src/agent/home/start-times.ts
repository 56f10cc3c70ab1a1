import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Host } from '../../host/host.ts';
import { ticksPerSecond } from '../../host/proc-stat.ts';
import type { AgentStart } from '../../kube/agent-socket.ts';
import { isObject } from '../../kube/decode-fields.ts';
import type { Turn } from '../metrics/observer.ts';

type TimesHost = Pick<Host, 'readText' | 'writeFile' | 'identify' | 'pid'>;

/** What becomes ready later than this after the agent has not been waited for at its start. */
const longestStartMs = 30 * 60_000;
/** Put on disk once things have calmed down: nothing that starts is to wait for this file. */
const calmMs = 5000;
const tickMs = 1000 / ticksPerSecond;

type Times = { readonly bootId: string; readonly bootedAt: string; readonly agentMs: number; runtimeMs?: number };

/**
 * When agent, runtime and pods came up, in milliseconds since the machine's boot. Kept in `<runDir>/start.json` over
 * restarts of the agent, until the next boot.
 */
export class StartTimes {
  readonly #clock: Clock;
  readonly #save: (text: string) => Promise<void>;
  readonly #bootTicks: number;
  readonly #times: Times;
  readonly #readyMs: Map<string, number>;
  #cancel: (() => void) | undefined;

  private constructor(input: {
    readonly clock: Clock;
    readonly save: (text: string) => Promise<void>;
    readonly uptimeMs: number;
    readonly times: Times;
    readonly readyMs: ReadonlyMap<string, number>;
  }) {
    this.#clock = input.clock;
    this.#save = input.save;
    this.#bootTicks = input.clock.ticks() - input.uptimeMs;
    this.#times = input.times;
    this.#readyMs = new Map(input.readyMs);
  }

  static async open(host: TimesHost, clock: Clock, { runDir }: { readonly runDir: string }): Promise<StartTimes> {
    const file = join(runDir, 'start.json');
    const [uptime = '', boot = '', own, text] = await Promise.all([
      host.readText('/proc/uptime'),
      host.readText('/proc/sys/kernel/random/boot_id'),
      host.identify(host.pid),
      host.readText(file),
    ]);
    const uptimeMs = Math.round(Number.parseFloat(uptime) * 1000) || 0;
    const bootId = boot.trim();
    const kept = decode(text, bootId);
    const times = kept?.times ?? {
      bootId,
      bootedAt: new Date(clock.now() - uptimeMs).toISOString(),
      agentMs: Math.min(uptimeMs, Number(own?.startTicks) * tickMs || uptimeMs),
    };
    const save = (data: string) => host.writeFile(file, data, { mode: 0o600 });
    return new StartTimes({ clock, save, uptimeMs, times, readyMs: kept?.readyMs ?? new Map() });
  }

  runtimeAnswered(): void {
    this.#times.runtimeMs ??= this.#note();
  }

  turned({ key, pod }: Pick<Turn, 'key' | 'pod'>): void {
    if (pod?.file === undefined || this.#readyMs.has(key)) return;
    const { conditions = [] } = pod.pod.status ?? {};
    if (!conditions.some(({ type, status }) => type === 'Ready' && status === 'True')) return;
    if (this.#nowMs() - this.#times.agentMs <= longestStartMs) this.#readyMs.set(key, this.#note());
  }

  view(): AgentStart {
    const { bootId: _, ...times } = this.#times;
    const pods = [...this.#readyMs].map(([pod, readyMs]) => ({ pod, readyMs }));
    return { ...times, pods };
  }

  end(): void {
    this.#cancel?.();
  }

  #nowMs(): number {
    return Math.round(this.#clock.ticks() - this.#bootTicks);
  }

  #note(): number {
    this.#cancel?.();
    this.#cancel = this.#clock.after(calmMs, () => {
      const text = JSON.stringify({ ...this.#times, readyMs: Object.fromEntries(this.#readyMs) });
      // Only a nicety: whatever hinders it is told by what matters.
      this.#save(text).catch(() => {});
    });
    return this.#nowMs();
  }
}

/** What was kept in this boot of the machine. */
function decode(text: string | undefined, bootId: string) {
  const read = parsed(text);
  if (!isObject(read) || read.bootId !== bootId || typeof read.bootedAt !== 'string') return undefined;
  const { bootedAt, agentMs, runtimeMs, readyMs } = read;
  if (typeof agentMs !== 'number' || !isObject(readyMs)) return undefined;
  const ready = Object.entries(readyMs).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  const times: Times = { bootId, bootedAt, agentMs, ...(typeof runtimeMs === 'number' && { runtimeMs }) };
  return { times, readyMs: new Map(ready) };
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
