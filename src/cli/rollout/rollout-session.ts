import { join } from 'node:path';
import { hasCode, messageOf, PreflightError } from '../../base/errors.ts';
import { type Paths, pathsOf } from '../../config/paths.ts';
import { removeStaleTemporaries } from '../../host/stale-temporaries.ts';
import { initLockName } from '../../phases/plan-reset.ts';
import { putBackMigration } from '../../rollout/change-over/migrate-requests.ts';
import { type Recovery, recover } from '../../rollout/journal/recovery.ts';
import { takeRolloutLock } from '../../rollout/journal/rollout-lock.ts';
import type { CliContext } from '../command.ts';
import { pastAgentRecovery } from './past-agent-recovery.ts';
import { rolloutAgent } from './rollout-agent.ts';
import type { RolloutReport } from './rollout-report.ts';

/**
 * Does something with the lock of rollouts held, nothing of an earlier change left behind, and an agent that runs.
 * `recovery` says what was done of the latter just now.
 */
export async function withRolloutLock<T>(
  { cli, root, report }: { readonly cli: CliContext; readonly root: string; readonly report: RolloutReport },
  work: (recovery: Recovery) => Promise<T>,
): Promise<T> {
  const { host, clock } = cli;
  const paths = pathsOf(root);
  await refuseWithoutPlane(cli, paths);
  const others = [{ file: join(paths.stateDir, initLockName), what: 'init or reset' }];
  const lock = await pastAgentRecovery(cli, paths, () => takeRolloutLock(host, paths, others)).catch(refuseFullDisk);
  try {
    await removeStaleTemporaries(host, [
      paths.manifestsDir,
      paths.certificatesDir,
      paths.kubernetesDir,
      paths.stateDir,
    ]);
    const recovery = await recover(host, paths, clock);
    // The agent that runs may be one of the settings, even of the runtime, that were put back just now.
    if (recovery.restored.includes(paths.agentConfig)) await rolloutAgent({ host, clock, paths }).reload();
    await putBackMigration(host, paths).catch((thrown: unknown) => report.warn(messageOf(thrown)));
    if (recovery.do === 'finish' || recovery.do === 'undo') {
      report.warn(`${recovery.because}; it is ${recovery.do === 'finish' ? 'finished' : 'undone'} now`);
    }
    const revive = async (because: string) => {
      if (!(await rolloutAgent({ host, clock, paths }).revive())) return;
      report.item({ item: 'agent', action: 'start', because });
    };
    await revive('none ran');
    const result = await work(recovery);
    await revive('it has died meanwhile');
    return result;
  } finally {
    await lock.release();
  }
}

/** Not even the lock has room. */
function refuseFullDisk(thrown: unknown): never {
  if (!hasCode(thrown, 'ENOSPC', 'EDQUOT', 'EROFS')) throw thrown;
  throw new PreflightError(`${messageOf(thrown)}; nothing was touched`, {
    cause: thrown,
    hint: 'free some space (df -h), then run the same command again',
  });
}

/** Nothing may be made where there is no control plane. */
async function refuseWithoutPlane({ host }: CliContext, paths: Paths): Promise<void> {
  const known = await Promise.all([host.stat(paths.agentConfig), host.stat(paths.stateDir)]);
  if (known.every((info) => info !== undefined)) return;
  throw new PreflightError(`there is no control plane below ${paths.root}`, { hint: 'bootstrap init makes one' });
}
