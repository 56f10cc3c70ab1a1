import { join } from 'node:path';
import type { Paths } from '../config/paths.ts';
import type { HostFiles } from '../host/host.ts';
import { hostPort } from '../kube/cidr.ts';
import { parseJsonOrYaml } from '../kube/yaml.ts';
import { flagValue, parseCommand } from '../manifests/command-line.ts';
import type { ComponentName } from '../manifests/component.ts';

/** The static pods of a control plane, in the order in which they depend on each other, and so are changed. */
export const componentNames: readonly ComponentName[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
];

/** What a manifest on disk says, as far as we read it: the flags of its first container. */
export type ComponentManifest = {
  readonly component: ComponentName;
  readonly file: string;
  readonly text: string;
  readonly flags: Readonly<Record<string, string>>;
};

/** The manifests that are in the static pod directory, unreadable ones left out. */
export async function readManifests(
  host: Pick<HostFiles, 'readText'>,
  paths: Pick<Paths, 'manifestsDir'>,
): Promise<readonly ComponentManifest[]> {
  const found: ComponentManifest[] = [];
  for (const component of componentNames) {
    const file = join(paths.manifestsDir, `${component}.yaml`);
    const text = await host.readText(file);
    if (text !== undefined) found.push({ component, file, text, flags: flagsOf(parseJsonOrYaml(text)) });
  }
  return found;
}

/** By name, without the dashes; the last value of a name wins, as in Go's flags. */
function flagsOf(manifest: unknown): Readonly<Record<string, string>> {
  const [container] = asList(member(member(manifest, 'spec'), 'containers'));
  const words = [...asList(member(container, 'command')), ...asList(member(container, 'args'))].map(String);
  const line = parseCommand(words);
  return Object.fromEntries([...line.flags.keys()].map((name) => [name.slice(2), flagValue(line, name) ?? '']));
}

export type HealthEndpoint = {
  readonly component: ComponentName;
  readonly url: string;
  /** Ask as admin.conf: `--anonymous-auth=false` answers 401 to everybody else (kubeadm issue 3174). */
  readonly asAdmin: boolean;
};

/** Where a component says that it is healthy, by the flags of its manifest (kubeadm util/apiclient/wait.go). */
export function healthEndpoint({ component, flags }: ComponentManifest): HealthEndpoint {
  switch (component) {
    case 'etcd': {
      const [metrics = 'http://127.0.0.1:2381'] = (flags['listen-metrics-urls'] ?? '').split(',').filter(Boolean);
      return { component, url: `${metrics}/readyz`, asAdmin: false };
    }
    case 'kube-apiserver': {
      const address = reachable(flags['advertise-address'] ?? flags['bind-address']);
      return { component, url: `https://${hostPort(address, flags['secure-port'] ?? 6443)}/livez`, asAdmin: true };
    }
    case 'kube-controller-manager': {
      const address = reachable(flags['bind-address']);
      return { component, url: `https://${hostPort(address, flags['secure-port'] ?? 10257)}/healthz`, asAdmin: false };
    }
    case 'kube-scheduler': {
      const address = reachable(flags['bind-address']);
      return { component, url: `https://${hostPort(address, flags['secure-port'] ?? 10259)}/livez`, asAdmin: false };
    }
  }
}

/** Who listens everywhere is asked on the loopback. */
function reachable(address: string | undefined): string {
  if (address === undefined || address === '' || address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
