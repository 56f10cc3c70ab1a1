import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { ComponentsError } from './errors.ts';
import type { TarEntry } from './tar.ts';

const busybox = '/bin/busybox';

/** A shell and its usual companions for a test image: this machine's busybox, which must be the static one. */
export function shellEntries(): TarEntry[] {
  if (!existsSync(busybox)) throw new ComponentsError(`${busybox} is not there`, 'Install the package busybox-static.');
  const names = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n');
  const links = names.filter((name) => name !== '' && name !== 'busybox');
  return [
    { type: 'copy', path: 'bin/busybox', mode: 0o755, source: busybox, size: statSync(busybox).size },
    ...links.map((name): TarEntry => ({ type: 'symlink', path: `bin/${name}`, mode: 0o777, target: 'busybox' })),
  ];
}
