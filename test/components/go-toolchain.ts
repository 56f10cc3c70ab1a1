import { execFileSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Family } from './catalogue.ts';
import { ComponentsError } from './errors.ts';

export type Go = { readonly program: string; readonly version: string };

/** The go command on PATH. Its version is read from the file it is installed with, so that no process has to be started. */
export function findGo(searchPath = process.env.PATH ?? ''): Go | undefined {
  const program = searchPath
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, 'go'))
    .find(isExecutable);
  return program ? { program, version: goVersion(program) } : undefined;
}

export function isNewEnough(go: Go, wanted: readonly Family[]): boolean {
  return compareVersions(go.version, neededGo(wanted)) >= 0;
}

/** Refuses before anything is built when go is missing or older than the modules ask for. */
export function requireGo(go: Go | undefined, wanted: readonly Family[]): Go {
  if (go && isNewEnough(go, wanted)) return go;
  const needed = neededGo(wanted);
  const what = wanted.map(({ name, version }) => `${name} ${version}`).join(', ');
  const found = go ? `${go.program} is ${go.version}` : `no "go" command is on PATH (${process.env.PATH})`;
  throw new ComponentsError(
    `cannot build ${what}: that needs Go ${needed} or newer, and ${found}`,
    `Install it (a distribution's golang package that is new enough, or the archive from go.dev/dl), put its bin directory first on PATH, and run this again.`,
    2,
  );
}

/** Everything in a family's module directory: the build reads nothing else that is not named by a checksum in go.sum. */
export function moduleFiles(family: Family): Record<string, string> {
  try {
    const names = readdirSync(family.moduleDirectory).sort();
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(family.moduleDirectory, name), 'utf8')]));
  } catch (cause) {
    throw new ComponentsError(
      `${family.name} ${family.version} is in the catalogue, but ${family.moduleDirectory} cannot be read: ${(cause as Error).message}`,
      `Make it with: node test/components/make-kubernetes-module.ts ${family.version}`,
      2,
    );
  }
}

function neededGo(wanted: readonly Family[]): string {
  const versions = wanted.map((family) => /^go (\S+)/m.exec(moduleFiles(family)['go.mod'] ?? '')?.[1] ?? '1.0');
  return versions.sort(compareVersions).at(-1) ?? '1.0';
}

function goVersion(program: string): string {
  try {
    const file = join(dirname(realpathSync(program)), '..', 'VERSION');
    return /^go(\S+)/.exec(readFileSync(file, 'utf8'))?.[1] ?? askGo(program);
  } catch {
    return askGo(program);
  }
}

function askGo(program: string): string {
  try {
    const env = { ...process.env, GOTOOLCHAIN: 'local' };
    return execFileSync(program, ['env', 'GOVERSION'], { encoding: 'utf8', env }).trim().replace(/^go/, '');
  } catch (cause) {
    throw new ComponentsError(`${program} does not run: ${(cause as Error).message}`, 'Repair or replace it.', 2);
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Compares 1.26.8, 1.26 and 1.27rc1 by their numbers; a release candidate counts as its release. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  for (let index = 0; index < 3; index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbers(version: string): number[] {
  return version
    .replace(/(rc|beta).*/, '')
    .split('.')
    .map((part) => Number.parseInt(part, 10) || 0);
}
