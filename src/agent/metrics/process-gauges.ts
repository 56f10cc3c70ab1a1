import type { Host } from '../../host/host.ts';
import { statFields, ticksPerSecond } from '../../host/proc-stat.ts';
import { gauge } from './families.ts';
import type { Family } from './registry.ts';

/** Prometheus' usual figures of this process, from /proc; those that cannot be read are left out. */
export async function processGauges(host: Pick<Host, 'readText' | 'list'>): Promise<readonly Family[]> {
  const [stat = '', status = '', files, boot = '', limits = ''] = await Promise.all([
    host.readText('/proc/self/stat'),
    host.readText('/proc/self/status'),
    host.list('/proc/self/fd'),
    host.readText('/proc/stat'),
    host.readText('/proc/self/limits'),
  ]);
  const fields = statFields(stat);
  const ticks = (field: number) => Number(fields[field - 3]) / ticksPerSecond;
  const kibibytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  const figures: readonly (readonly [string, string, number])[] = [
    ['process_cpu_seconds_total', 'Total user and system CPU time spent in seconds.', ticks(14) + ticks(15)],
    ['process_resident_memory_bytes', 'Resident memory size in bytes.', kibibytes('VmRSS')],
    ['process_virtual_memory_bytes', 'Virtual memory size in bytes.', kibibytes('VmSize')],
    [
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
      Number(/^btime (\d+)$/m.exec(boot)?.[1]) + ticks(22),
    ],
    ['process_open_fds', 'Number of open file descriptors.', files?.length ?? Number.NaN],
    [
      'process_max_fds',
      'Maximum number of open file descriptors.',
      Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1]),
    ],
  ];
  return figures
    .filter(([, , value]) => Number.isFinite(value))
    .map(([name, help, value]) => {
      const family = gauge(name, help, () => [{ value }]);
      return name.endsWith('_total') ? { ...family, type: 'counter' as const } : family;
    });
}
