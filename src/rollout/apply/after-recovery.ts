import { messageOf } from '../../base/errors.ts';
import { componentState } from '../../health/component-state.ts';
import { readManifests } from '../../health/manifest-files.ts';
import { afterEtcdChange } from '../etcd/peer-url.ts';
import type { Recovery } from '../journal/recovery.ts';
import { staleAfter } from '../journal/stale-components.ts';
import type { RolloutContext } from './context.ts';
import { gate } from './gate.ts';
import { surelyLook, surelyStatus } from './swap.ts';

/**
 * After a change that was cut off has been undone on the disk: has the agent look at that, starts anew what may run by
 * files that are gone, and waits until all is healthy. What is not gets a warning: the next change may be there to repair it.
 */
export async function bringBack(context: RolloutContext, recovery: Recovery): Promise<void> {
  const { host, paths, agent, report, config } = context;
  await surelyLook(context);
  const status = await surelyStatus(context);
  const stale = await staleAfter(host, paths, recovery, (component) => {
    const started = componentState(status, component).container?.state.running?.startedAt;
    return started === undefined ? undefined : Date.parse(started);
  });
  for (const { component, file } of stale) {
    await agent.restart(file);
    report.item({ item: component, action: 'restart', because: 'it may have read files that were taken back' });
  }
  const timeoutMs = config.bootstrap.rollout.healthTimeoutMs;
  for (const { component } of await readManifests(host, paths)) {
    try {
      await gate(context, { component, accept: () => true, timeoutMs, writes: false });
      report.item({ item: component, action: 'healthy', because: 'as before the change that was cut off' });
    } catch (thrown) {
      context.signal.throwIfAborted();
      report.warn(messageOf(thrown));
    }
  }
  if (recovery.do === 'undo') await afterEtcdChange(context).catch((thrown: unknown) => report.warn(messageOf(thrown)));
}
