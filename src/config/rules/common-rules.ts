import type { Path } from '../../kube/yaml.ts';
import type { NameValue } from '../types.ts';

type Say = (path: Path, message: string, hint?: string) => void;

/** 1 to 65535. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** Whether a path begins at the root of the file system. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith('/');
}

/** Every argument has a name, which is written without its dashes. */
export function flagArgumentsAreNamed(args: readonly NameValue[], path: Path, error: Say): void {
  for (const [index, { name }] of args.entries()) {
    if (name === '') error([...path, index, 'name'], 'an argument has no name');
    else if (name.startsWith('-'))
      error([...path, index, 'name'], `write \`${name.replace(/^-+/, '')}\`, without the dashes`);
  }
}

/** Whether `<repository>/name:tag` is an image reference (distribution/reference, ReferenceRegexp). */
export function isImageRepository(repository: string): boolean {
  const host =
    '(?:[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)*|\\[[0-9a-fA-F:]+\\])(?::\\d+)?';
  const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
  return new RegExp(`^(?:${host}(?:/${component})*|${component}(?:/${component})*)$`).test(repository);
}

/** Whether a text can be the tag of an image, with a digest after it or not. */
export function isImageTag(tag: string): boolean {
  return /^\w[-\w.]{0,127}(?:@sha256:[0-9a-f]{64})?$/.test(tag);
}
