import type { Agent } from '../../agent/agent.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Paths } from '../../config/paths.ts';
import { componentState } from '../../health/component-state.ts';
import type { Host } from '../../host/host.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { Recovery } from '../../rollout/journal/recovery.ts';

type Input = {
  readonly host: Host;
  readonly clock: Clock;
  readonly paths: Paths;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly agent: Pick<Agent, 'looked' | 'status' | 'requests'>;
};

/** A status tells whole seconds. */
const secondMs = 999;
/** etcd may have been stopped in the middle of the change, and everything else with it. */
const etcdWithinMs = 60_000;

/**
 * What an agent does for a change that was undone on the disk, beside bringing its pods up: components that may have read
 * what was put back start again, and etcd's member list says what the manifest says. After one that was finished, it has
 * the objects in the cluster brought along. Never throws.
 */
export async function finishRecovery(input: Input, recovery: Recovery): Promise<void> {
  await restartStale(input, recovery);
  if (recovery.do === 'undo') await putPeerUrlRight(input);
  if (recovery.do === 'finish') await bringObjects(input);
}

/** By a process of its own: what knows of the cluster's objects is nothing that an agent should carry. */
async function bringObjects({ host, paths, log }: Input): Promise<void> {
  const [program = '', ...self] = host.selfCommand();
  const args = [...self, 'apply', '--objects', '--root-dir', paths.root, '--no-color'];
  try {
    await host.spawnDetached(program, args, { cwd: paths.root, output: paths.agentLog, env: host.environment() });
  } catch (thrown) {
    log.warn(`the objects in the cluster are left to the next bootstrap apply: ${messageOf(thrown)}`);
  }
}

async function restartStale({ host, paths, log, agent }: Input, recovery: Recovery): Promise<void> {
  try {
    await agent.looked();
    const status = agent.status();
    const startedAtMs = (component: ComponentName) => {
      const startedAt = componentState(status, component).container?.state.running?.startedAt;
      return startedAt === undefined ? undefined : Date.parse(startedAt) + secondMs;
    };
    const { staleAfter } = await import('../../rollout/journal/stale-components.ts');
    for (const { component, file } of await staleAfter(host, paths, recovery, startedAtMs)) {
      log.warn(`${component} starts again: it may have read what was put back`);
      await agent.requests.restart(file);
    }
  } catch (thrown) {
    log.error(`what has read the files that were put back cannot be started again: ${messageOf(thrown)}`);
  }
}

async function putPeerUrlRight({ host, clock, paths, log, signal }: Input): Promise<void> {
  const report = {
    item: ({ item, because }: { readonly item: string; readonly because: string }) => log.info(`${item}: ${because}`),
    warn: (message: string) => log.warn(message),
  };
  try {
    const { afterEtcdChange } = await import('../../rollout/etcd/peer-url.ts');
    await afterEtcdChange({ host, clock, paths, signal, report }, etcdWithinMs);
  } catch (thrown) {
    if (!signal.aborted) log.warn(`the etcd member: ${messageOf(thrown)}`);
  }
}
