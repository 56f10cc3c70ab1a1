import type { Clock } from '../../base/clock.ts';
import { OperationError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Host } from '../../host/host.ts';
import type { ContainerMemory } from './container-memory.ts';
import type { ExitWatch } from './exit-watch.ts';
import type { HostTools } from './launch.ts';
import type { Orphans } from './orphans.ts';
import type { ContainerRecord, ProcessPaths } from './records.ts';
import type { SessionKiller } from './session.ts';
import { type SettledState, settleState } from './state.ts';

export type ProcessRuntimeOptions = {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  /** The value of the owner label: one for each root directory. */
  readonly owner: string;
  /** `/var/lib/bootstrap/containers` below the root directory. */
  readonly containersDir: string;
  /** Where unpacked images lie; shared by all roots of a user. */
  readonly storeDir: string;
};

/** What the parts of the process runtime share. */
export type ProcessContext = ProcessRuntimeOptions & {
  readonly paths: ProcessPaths;
  readonly memory: ContainerMemory;
  readonly exits: ExitWatch;
  readonly sessions: SessionKiller;
  readonly orphans: Orphans;
  readonly bootId: () => Promise<string>;
  readonly tools: () => Promise<HostTools>;
  readonly warn: (message: string) => void;
};

/** The programs of the host that every start uses (POSIX, and setsid of util-linux or busybox). */
export async function findTools(host: Pick<Host, 'findProgram'>): Promise<HostTools> {
  const need = async (name: string) => {
    const path = await host.findProgram(name);
    if (path !== undefined) return path;
    throw new OperationError(`the process runtime needs the program ${name}, which is not in PATH`, {
      hint: 'install util-linux and coreutils, or busybox',
    });
  };
  const [sh, mv, setsid, env] = await Promise.all([need('sh'), need('mv'), need('setsid'), need('env')]);
  return { sh, mv, setsid, env, setpriv: await host.findProgram('setpriv') };
}

/** A container's state now; see settleState. */
export async function stateOf(context: ProcessContext, record: ContainerRecord): Promise<SettledState> {
  const { host, paths, clock } = context;
  const seen = context.memory.seen(record.id);
  return settleState(host, paths, { record, seen, bootId: await context.bootId(), nowMs: clock.now() });
}
