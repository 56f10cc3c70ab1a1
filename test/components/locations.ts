import { existsSync } from 'node:fs';
import { componentsCache } from './cache.ts';
import { defaultKubernetesVersion } from './catalogue.ts';
import { ComponentsError } from './errors.ts';
import { fileOf, nameOf, type Output, outputsOfSet } from './outputs.ts';

export { componentsCache };

/** Path of a built program: of the default Kubernetes release, or of the version given, or of what has one version only. */
export function program(name: string, version?: string): string {
  const candidates = outputsOfSet('all').filter((output) => output.kind === 'program' && nameOf(output) === name);
  const versions = version ? [version] : [defaultKubernetesVersion, undefined];
  const found = versions
    .map((wanted) =>
      candidates.find(
        (output) => output.kind === 'program' && (wanted ?? output.family.version) === output.family.version,
      ),
    )
    .find((output) => output !== undefined);
  return existing(found, version ? `${name} ${version}` : name);
}

/** Path of an image archive, by its reference or by its name alone (then in the default Kubernetes release, or its only version). */
export function archive(image: string): string {
  const candidates = outputsOfSet('all').filter((output) => output.kind === 'image');
  const found =
    candidates.find((output) => output.image.reference === image) ??
    candidates.find((output) => output.image.name === image);
  return existing(found, image);
}

function existing(output: Output | undefined, wanted: string): string {
  if (!output)
    throw new ComponentsError(`${wanted} is not in the catalogue`, 'See: node test/components/build.ts --list', 3);
  const file = fileOf(output);
  if (existsSync(file)) return file;
  throw new ComponentsError(`${file} has not been built`, 'Run: npm run components');
}
