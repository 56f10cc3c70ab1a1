import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseJsonOrYaml } from '../../../src/kube/yaml.ts';
import { program } from '../../components/locations.ts';
import { type Ran, run } from './command.ts';

/** In a mount namespace of its own, so that kubeadm's fixed paths are in our directory: $1 the directory, $2 the rest. */
const script = `set -e
mount --make-rprivate /
cp -a /etc "$1/etc"
rm -rf "$1/etc/kubernetes"
mkdir "$1/etc/kubernetes" "$1/lib"
mount --bind "$1/etc" /etc
mount --bind "$1/lib" /var/lib
eval "$2"`;

/** Runs shell lines with `kubeadm` in PATH; what they write into /etc and /var/lib is in `directory`/etc and /lib. */
export function inKubeadmsPlace(directory: string, lines: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  mkdirSync(directory, { recursive: true });
  const path = `${join(program('kubeadm'), '..')}:${process.env.PATH}`;
  return run('unshare', ['-m', 'sh', '-c', script, 'sh', directory, lines], { env: { ...env, PATH: path } });
}

type Members = Readonly<Record<string, unknown>>;

const probeNumbers = ['initialDelaySeconds', 'periodSeconds', 'timeoutSeconds', 'failureThreshold', 'successThreshold'];
const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'];

/** A manifest without what contract 4 lets differ, and nothing else left out; the order of keys counts. */
export function comparable(text: string): string {
  const value = parseJsonOrYaml(text) as Members;
  return JSON.stringify(withoutDeviations(value, []), undefined, 1);
}

function withoutDeviations(value: unknown, path: readonly string[]): unknown {
  if (Array.isArray(value)) {
    const items = path.at(-1) === 'command' ? value.filter((flag) => !isOurs(String(flag))) : value;
    return items.map((item) => withoutDeviations(item, path));
  }
  if (typeof value !== 'object' || value === null) return value;
  const inProbe = probes.includes(path.at(-1) ?? '');
  const members = Object.entries(value)
    .filter(([key]) => !(inProbe && probeNumbers.includes(key)))
    .filter(([key]) => !(key === 'terminationGracePeriodSeconds' && path.join('.') === 'spec'))
    .map(([key, member]) => [key, withoutDeviations(member, [...path, key])]);
  return Object.fromEntries(members);
}

function isOurs(flag: string): boolean {
  return flag === '--permit-port-sharing=true' || flag.startsWith('--shutdown-');
}
