import type { Host } from '../../../host/host.ts';

/** What the machine as a whole uses. */
export type NodeUsage = {
  readonly atMs: number;
  readonly bootMs: number;
  readonly cpuNanoseconds: number;
  readonly memory: {
    readonly totalBytes: number;
    readonly usageBytes: number;
    readonly workingSetBytes: number;
    readonly rssBytes: number;
  };
  readonly swap: { readonly usageBytes: number; readonly availableBytes: number };
  readonly interfaces: readonly InterfaceUsage[];
  /** Of processes. */
  readonly rlimit: { readonly maxpid: number; readonly curproc: number };
};

export type InterfaceUsage = {
  readonly name: string;
  readonly rxBytes: number;
  readonly rxErrors: number;
  readonly txBytes: number;
  readonly txErrors: number;
};

/** Of Linux on every machine that Node runs on (sysconf _SC_CLK_TCK). */
const nanosecondsPerTick = 1e9 / 100;

/** Read from /proc (proc(5)): what is counted there is the same on every version of control groups. */
export async function nodeUsage(host: Pick<Host, 'readText'>, nowMs: number): Promise<NodeUsage> {
  const [stat = '', meminfo = '', net = '', loadavg = '', maxpid = ''] = await Promise.all(
    ['stat', 'meminfo', 'net/dev', 'loadavg', 'sys/kernel/pid_max'].map((name) => host.readText(`/proc/${name}`)),
  );
  return {
    atMs: nowMs,
    bootMs: Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000,
    cpuNanoseconds: busyTicks(stat) * nanosecondsPerTick,
    ...memoryOf(meminfo),
    interfaces: interfacesOf(net),
    rlimit: { maxpid: Number(maxpid), curproc: Number(/\d+\/(\d+)/.exec(loadavg)?.[1] ?? 0) },
  };
}

/** `cpu  user nice system idle iowait irq softirq steal …`: what other machines took is not ours, waiting is no work. */
function busyTicks(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] =
    /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? [];
  return user + nice + system + irq + softirq;
}

/** As the root control group counts it: file pages that nobody has used lately are not in the working set. */
function memoryOf(meminfo: string): Pick<NodeUsage, 'memory' | 'swap'> {
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1] ?? 0) * 1024;
  const usageBytes = bytes('MemTotal') - bytes('MemFree');
  return {
    memory: {
      totalBytes: bytes('MemTotal'),
      usageBytes,
      workingSetBytes: Math.max(0, usageBytes - bytes('Inactive\\(file\\)')),
      rssBytes: bytes('AnonPages'),
    },
    swap: { usageBytes: bytes('SwapTotal') - bytes('SwapFree'), availableBytes: bytes('SwapFree') },
  };
}

/** `eth0: bytes packets errs drop fifo frame compressed multicast bytes packets errs …`. */
function interfacesOf(net: string): readonly InterfaceUsage[] {
  return net.split('\n').flatMap((line) => {
    const [, name, figures = ''] = /^\s*(\S+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || name === 'lo') return [];
    const [rxBytes = 0, , rxErrors = 0, , , , , , txBytes = 0, , txErrors = 0] = figures.split(/\s+/).map(Number);
    return [{ name, rxBytes, rxErrors, txBytes, txErrors }];
  });
}
