import { findPrograms } from '../../host/programs.ts';
import type { Check, CheckContext, Problem } from './check.ts';

/** Certificates, tokens and Leases go by the time of day. */
export const clockChecks: readonly Check[] = [{ name: 'TimeSync', run: timeSync }];

/** Who keeps clocks right, by the names of the programs. */
const keepers: readonly string[] = ['systemd-timesyncd', 'chronyd', 'ntpd', 'openntpd', 'ptp4l', 'phc2sys'];
const dayMs = 86_400_000;

async function timeSync(context: CheckContext): Promise<readonly Problem[]> {
  const { host, clock } = context;
  const severity = 'warning';
  const made = (await host.stat(host.selfCommand()[0] ?? ''))?.modifiedAtMs ?? 0;
  if (clock.now() < made - dayMs) {
    const now = new Date(clock.now()).toISOString();
    const message = `the machine's clock says ${now}, which is before this program was installed: certificates would be wrong`;
    return [{ severity, message, hint: 'set it, such as by: timedatectl set-time, or hwclock --hctosys' }];
  }
  // In a container, the host keeps the clock.
  if ((await host.stat('/run/systemd/system')) === undefined) return [];
  const running = await findPrograms(host, keepers);
  if (running.length === 0) {
    const message = "nobody keeps the machine's clock right: certificates and tokens fail where clocks differ";
    return [{ severity, message, hint: 'apt-get install systemd-timesyncd, or chrony' }];
  }
  // It makes this file with the first answer of a server (systemd-timesyncd(8)).
  const reached = (await host.stat('/run/systemd/timesync/synchronized')) !== undefined;
  if (reached || running.some(({ name }) => !name.startsWith('systemd-'))) return [];
  const message = 'systemd-timesyncd runs, but no server has told it the time since this boot';
  return [{ severity, message, hint: 'name a server that this machine reaches in /etc/systemd/timesyncd.conf' }];
}
