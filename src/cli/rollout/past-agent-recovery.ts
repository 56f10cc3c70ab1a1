import { sleep } from '../../base/clock.ts';
import type { Paths } from '../../config/paths.ts';
import { lockHolder } from '../../host/lock.ts';
import { rolloutLockFile } from '../../rollout/journal/rollout-lock.ts';
import type { CliContext } from '../command.ts';

/** The agent holds the lock of rollouts for a moment when it recovers what was cut off. */
const agentHoldsForMs = 5_000;
const tryEveryMs = 50;

/** Tries again what was refused because the agent held the lock; throws at once for any other holder. */
export async function pastAgentRecovery<T>(
  { host, clock, signal }: Pick<CliContext, 'host' | 'clock' | 'signal'>,
  paths: Pick<Paths, 'runDir' | 'agentLock'>,
  attempt: () => Promise<T>,
): Promise<T> {
  const sinceTicks = clock.ticks();
  let wasFree = false;
  for (;;) {
    try {
      return await attempt();
    } catch (thrown) {
      const [holder, agent] = await Promise.all([
        lockHolder(host, rolloutLockFile(paths)),
        lockHolder(host, paths.agentLock),
      ]);
      // It may have been let go just now: once more.
      const passing = holder === undefined ? !wasFree : holder.pid === agent?.pid;
      wasFree = holder === undefined;
      if (!passing || clock.ticks() - sinceTicks > agentHoldsForMs) throw thrown;
    }
    await sleep(clock, tryEveryMs, signal);
  }
}
