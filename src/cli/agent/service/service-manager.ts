import type { Host } from '../../../host/host.ts';

/** What the service manager says to the process that it started (sd_notify(3), sd_watchdog_enabled(3), systemd.exec(5)). */
export type ServiceManager = {
  readonly notifySocket?: string;
  /** It takes the agent for hung that has not told for so long that it works. */
  readonly watchdogMs?: number;
  /** Whether what we write to stderr goes to the journal, with nothing else in between. */
  readonly journal: boolean;
};

/** Takes these words out of the environment: programs that we start must not speak for the agent. */
export async function takeServiceManager(host: Pick<Host, 'takeEnv' | 'stat' | 'pid'>): Promise<ServiceManager> {
  const [notifySocket, watchdogUsec, watchdogPid, journalStream] = [
    'NOTIFY_SOCKET',
    'WATCHDOG_USEC',
    'WATCHDOG_PID',
    'JOURNAL_STREAM',
  ].map((name) => host.takeEnv(name));
  const watchdogMs = Number(watchdogUsec ?? 0) / 1000;
  const isForUs = watchdogPid === undefined || watchdogPid === String(host.pid);
  return {
    ...(notifySocket ? { notifySocket } : {}),
    ...(watchdogMs > 0 && isForUs ? { watchdogMs } : {}),
    journal: journalStream !== undefined && journalStream === (await standardError(host)),
  };
}

/** Device and inode, as JOURNAL_STREAM has them. */
async function standardError(host: Pick<Host, 'stat'>): Promise<string | undefined> {
  const info = await host.stat('/proc/self/fd/2').catch(() => undefined);
  return info && `${info.device}:${info.inode}`;
}
