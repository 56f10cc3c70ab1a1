import type { Host } from '../../host/host.ts';

/** Which machine this is, as cAdvisor finds it out for the kubelet; empty texts for what it does not tell. */
export type MachineFacts = {
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  readonly kernelVersion: string;
  readonly osImage: string;
};

/** The files that are asked, first come first (cadvisor utils/sysinfo, machine/info.go). */
const files = {
  machineID: ['/etc/machine-id', '/var/lib/dbus/machine-id'],
  // The second: machines without DMI (device tree).
  systemUUID: ['/sys/class/dmi/id/product_uuid', '/proc/device-tree/vm,uuid', '/etc/machine-id'],
  bootID: ['/proc/sys/kernel/random/boot_id'],
  kernelVersion: ['/proc/sys/kernel/osrelease'],
  osRelease: ['/etc/os-release', '/usr/lib/os-release'],
} as const;

/** Reads them; never fails. */
export async function readMachineFacts(host: Pick<Host, 'readText'>): Promise<MachineFacts> {
  const [machineID, systemUUID, bootID, kernelVersion, osRelease] = await Promise.all([
    firstOf(host, files.machineID),
    firstOf(host, files.systemUUID),
    firstOf(host, files.bootID),
    firstOf(host, files.kernelVersion),
    firstOf(host, files.osRelease),
  ]);
  return { machineID, systemUUID, bootID, kernelVersion, osImage: prettyName(osRelease) };
}

async function firstOf(host: Pick<Host, 'readText'>, paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    // The DMI files are root's alone.
    const text = await host.readText(path).catch(() => undefined);
    if (text !== undefined && text.trim() !== '') return text.replace(/\0/g, '').trim();
  }
  return '';
}

function prettyName(osRelease: string): string {
  const [, quoted = ''] = /^PRETTY_NAME=(.*)$/m.exec(osRelease) ?? [];
  return quoted.replace(/^(["'])(.*)\1$/, '$2') || 'Linux';
}
