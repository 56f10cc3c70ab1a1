import { type Clock, rest } from '../../base/clock.ts';
import { humanDuration } from '../../base/duration.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import type { Canary } from './canary.ts';
import { errorLine, hasReadAll } from './error-line.ts';
import { serverOf } from './plan-trials.ts';

const lookEveryMs = 50;
/** A program that still runs by then has read what its command line names, though it does not say so. */
const flagsReadAfterMs = 30_000;
/** What comes just after a program has come to where it needs its server. */
const settledAfterMs = 2_000;
/** A scheduler says nothing until its server is there; less when the change is refused anyway. */
const quietMs = { alone: 10_000, refused: 2_500 };

export type FollowInput = {
  readonly canaries: ReadonlyMap<ComponentName, Canary>;
  /** Whose outcomes are waited for; the others are there to serve them. */
  readonly changed: readonly ComponentName[];
  readonly runtime: Pick<ContainerRuntime, 'observePods'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
};

/** Starts all canaries at once and looks at them until each that changes has its outcome. */
export async function followCanaries(input: FollowInput): Promise<void> {
  const { canaries, changed, runtime, clock, signal, timeoutMs } = input;
  const deadlineMs = clock.now() + timeoutMs;
  const all = [...canaries.values()];
  const started = Promise.all(all.map((canary) => canary.start()));
  try {
    while (changed.some((name) => canaries.get(name)?.outcome === undefined)) {
      signal.throwIfAborted();
      const sinceTicks = clock.ticks();
      const seen = { atMs: clock.now(), observed: await runtime.observePods() };
      await Promise.all(
        all.map((canary) => canary.look({ ...seen, serverReady: isReady(serverFor(canary, canaries)) })),
      );
      await Promise.all(all.map((canary) => goOn(canary, input)));
      if (clock.now() > deadlineMs) await refuseLate(all, timeoutMs);
      await rest(clock, { everyMs: lookEveryMs, sinceTicks }, signal);
    }
  } finally {
    // Nothing may be started while what is there is removed.
    await started;
  }
}

function serverFor(canary: Canary, canaries: FollowInput['canaries']): Canary | undefined {
  const name = serverOf[canary.spec.component];
  return name === undefined ? undefined : canaries.get(name);
}

function isReady(canary: Canary | undefined): boolean {
  return canary?.outcome?.is === 'ready';
}

/** What an absent or a new server means for its client. */
async function goOn(canary: Canary, { canaries, clock }: FollowInput): Promise<void> {
  const { spec, startedMs, outcome } = canary;
  if (outcome !== undefined || startedMs === undefined || serverOf[spec.component] === undefined) return;
  const server = serverFor(canary, canaries);
  const failed = server === undefined || (server.outcome !== undefined && !isReady(server));
  const refused = [...canaries.values()].some((other) => other.outcome?.is === 'refused');
  const quiet = refused ? quietMs.refused : quietMs.alone;
  const patienceMs = spec.component === 'kube-scheduler' ? quiet : flagsReadAfterMs;
  const runsForMs = clock.now() - startedMs;
  if (failed && (canary.waits || runsForMs >= patienceMs)) canary.settleForFlags();
  else if (failed && runsForMs >= settledAfterMs && hasReadAll(spec.component, await canary.lines(1000))) {
    canary.settleForFlags();
  }
  const isClient = spec.component !== 'kube-apiserver';
  const readySinceMs = server?.readySinceMs;
  if (isClient && readySinceMs !== undefined && startedMs < readySinceMs) await canary.restart();
}

async function refuseLate(canaries: readonly Canary[], timeoutMs: number): Promise<void> {
  for (const canary of canaries) {
    if (canary.outcome !== undefined) continue;
    const lines = await canary.lines();
    const last = errorLine(lines);
    const said = last === undefined ? '' : `; it says: ${last}`;
    canary.refuse(`it was not ready within ${humanDuration(timeoutMs)}${said}`, lines);
  }
}
