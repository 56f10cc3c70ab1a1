import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** The pids of a component of the control plane below `root`, found by its command line whatever the runtime. */
export function processesOf(root: string, component: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const [program = '', ...args] = argumentsOf(Number(pid));
      return basename(program) === component && args.some((arg) => arg.includes(root));
    })
    .map(Number);
}

/** The pids in a namespace, named by its file: `/proc/PID/ns/net`. */
export function processesIn(namespace: string): readonly number[] {
  const kind = basename(namespace);
  const nameOf = (file: string) => {
    try {
      return readlinkSync(file);
    } catch {
      return undefined;
    }
  };
  const wanted = nameOf(namespace);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && wanted !== undefined && nameOf(`/proc/${name}/ns/${kind}`) === wanted)
    .map(Number);
}

/** The command line of a process, its program first; empty when it is gone. */
export function argumentsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replace(/\0$/, '').split('\0');
  } catch {
    return [];
  }
}

/** Private anonymous and resident memory of a process, in MiB. */
export function memoryOf(pid: number): { readonly anonymous: number; readonly resident: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
  return { anonymous: mebibytes('RssAnon'), resident: mebibytes('VmRSS') };
}

/** Processor seconds that a process has used. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** The command lines of what runs in a container, by its cgroups, which every engine names by the container's id. */
export function programsIn(id: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && cgroupsOf(name).includes(id))
    .map((name) => argumentsOf(Number(name)).join(' '));
}

function cgroupsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return '';
  }
}
