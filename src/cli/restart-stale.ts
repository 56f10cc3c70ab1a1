import type { Agent } from '../agent/agent.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Paths } from '../config/paths.ts';
import { componentState } from '../health/component-state.ts';
import type { Host } from '../host/host.ts';
import type { ComponentName } from '../manifests/component.ts';
import type { Recovery } from '../rollout/journal/recovery.ts';

type Input = {
  readonly host: Pick<Host, 'readText'>;
  readonly paths: Paths;
  readonly log: Log;
  readonly agent: Pick<Agent, 'looked' | 'status' | 'requests'>;
};

/** A status tells whole seconds. */
const secondMs = 999;

/** Starts those components again that may have read, at their start, files that a recovery has put back. Never throws. */
export async function restartStale({ host, paths, log, agent }: Input, recovery: Recovery): Promise<void> {
  try {
    await agent.looked();
    const status = agent.status();
    const startedAtMs = (component: ComponentName) => {
      const startedAt = componentState(status, component).container?.state.running?.startedAt;
      return startedAt === undefined ? undefined : Date.parse(startedAt) + secondMs;
    };
    const { staleAfter } = await import('../rollout/journal/stale-components.ts');
    for (const { component, file } of await staleAfter(host, paths, recovery, startedAtMs)) {
      log.warn(`${component} starts again: it may have read what was put back`);
      await agent.requests.restart(file);
    }
  } catch (thrown) {
    log.error(`what has read the files that were put back cannot be started again: ${messageOf(thrown)}`);
  }
}
