import type { Check, CheckContext, Problem } from './check.ts';

/** kubeadm's least memory, in MB of 10^6 (constants.go ControlPlaneMem). */
const leastMemoryMb = 1700;
/** What the four take at rest, in MB of 10^6. */
const leastAvailableMb = 550;
const leastCpus = 2;

/** Checks of the machine itself. */
export const machineChecks: readonly Check[] = [
  {
    name: 'IsPrivilegedUser',
    run: ({ host, paths }) =>
      host.uid === 0 || paths.root !== '/'
        ? []
        : [
            {
              message: 'the default paths need root',
              hint: 'run as root, or give --root-dir DIR that you may write to',
            },
          ],
  },
  {
    name: 'NumCPU',
    run: ({ host }) =>
      host.cpuCount() >= leastCpus
        ? []
        : [
            {
              message: `${host.cpuCount()} CPU is less than the ${leastCpus} that a control plane needs`,
              hint: 'give the machine another CPU',
            },
          ],
  },
  { name: 'Mem', run: memory },
  {
    name: 'Swap',
    run: async ({ host }) => {
      const rows = ((await host.readText('/proc/swaps')) ?? '').trim().split('\n').slice(1);
      if (rows.length === 0) return [];
      return [
        {
          severity: 'warning',
          message: 'swap is on: etcd and the API server get slow when they are swapped out',
          hint: 'swapoff -a, and take it out of /etc/fstab',
        },
      ];
    },
  },
];
/** What the machine has, and what of it is free now. */
async function memory({ host, own }: CheckContext): Promise<readonly Problem[]> {
  const megabytes = Math.floor(host.totalMemoryBytes() / 1e6);
  if (megabytes < leastMemoryMb) {
    const message = `${megabytes} MB of memory are less than the ${leastMemoryMb} MB that a control plane needs`;
    return [{ message, hint: 'give the machine more memory' }];
  }
  const kib = /^MemAvailable: +(\d+) kB/m.exec((await host.readText('/proc/meminfo')) ?? '')?.[1];
  const available = kib === undefined ? Number.POSITIVE_INFINITY : Math.floor((Number(kib) * 1024) / 1e6);
  if (own.running.size > 0 || available >= leastAvailableMb) return [];
  return [
    {
      severity: 'warning',
      message: `${available} MB of memory are free, the four components take about ${leastAvailableMb} MB at rest`,
      hint: 'end what takes the rest (ps -e --sort=-rss -o rss,comm | head)',
    },
  ];
}
