import { join } from 'node:path';
import { binDirectory, imagesDirectory } from './cache.ts';
import {
  type ComponentSet,
  componentSets,
  defaultKubernetesVersion,
  type Family,
  families,
  type Image,
  images,
  type Program,
} from './catalogue.ts';
import { ComponentsError } from './errors.ts';
import { buildArguments, buildSettings } from './go-build.ts';
import { moduleFiles } from './go-toolchain.ts';
import { imageRecipe } from './image.ts';
import { recipeHash, type Stamp, validStamp } from './stamps.ts';

export type ProgramOutput = { readonly kind: 'program'; readonly family: Family; readonly program: Program };
export type ImageOutput = { readonly kind: 'image'; readonly image: Image };
export type Output = ProgramOutput | ImageOutput;

const everyProgram: readonly ProgramOutput[] = families.flatMap((family) =>
  family.programs.map((program) => ({ kind: 'program' as const, family, program })),
);
const everyImage: readonly ImageOutput[] = images.map((image) => ({ kind: 'image', image }));

export function nameOf(output: Output): string {
  return output.kind === 'program' ? output.program.name : output.image.name;
}

export function setOf(output: Output): ComponentSet {
  return output.kind === 'program' ? output.program.set : output.image.set;
}

export function fileOf(output: Output): string {
  if (output.kind === 'program') return join(binDirectory(output.family.bin), output.program.name);
  return join(imagesDirectory(), `${labelOf(output)}.tar`);
}

/** Name and version, as files are called by them. */
function labelOf(output: Output): string {
  if (output.kind === 'program') return `${output.program.name}_${output.family.version}`;
  return `${output.image.name}_${output.image.reference.slice(output.image.reference.lastIndexOf(':') + 1)}`;
}

export function stampName(output: Output): string {
  return `${output.kind}-${labelOf(output)}`;
}

export function outputsOfSet(set: ComponentSet): Output[] {
  const limit = componentSets.indexOf(set);
  return [...everyProgram, ...everyImage].filter((output) => componentSets.indexOf(setOf(output)) <= limit);
}

/** Programs and images of these names (`etcd`; `etcd_v3.7.0` to choose a version), and the programs that the images hold. */
export function outputsNamed(chosen: readonly string[]): Output[] {
  const usual = [...everyProgram, ...everyImage].filter((output) => isDefault(familyOf(output)));
  const labels = new Set([...everyProgram, ...everyImage].map(labelOf));
  const known = new Set(usual.map(nameOf));
  const unknown = chosen.filter((name) => !known.has(name) && !labels.has(name));
  if (unknown.length > 0) {
    throw new ComponentsError(`no component is called ${unknown.join(', ')}`, `There are: ${[...known].join(', ')}`, 3);
  }
  const isChosen = (output: Output) =>
    chosen.includes(labelOf(output)) || (isDefault(familyOf(output)) && chosen.includes(nameOf(output)));
  const chosenImages = everyImage.filter(isChosen);
  const held = chosenImages.flatMap(({ image }) => programsOf(image));
  return [...everyProgram.filter((output) => isChosen(output) || held.includes(output)), ...chosenImages];
}

function familyOf(output: Output): Family {
  return output.kind === 'program' ? output.family : output.image.family;
}

/** Of Kubernetes there may be several releases. */
function isDefault({ name, version }: Family): boolean {
  return name !== 'kubernetes' || version === defaultKubernetesVersion;
}

export function programsOf(image: Image): ProgramOutput[] {
  return everyProgram.filter(({ family, program }) => family === image.family && program.name in image.programs);
}

export function programRecipe({ family, program }: ProgramOutput): string {
  const files = moduleFiles(family);
  return recipeHash([files, buildSettings, buildArguments(family), program.package]);
}

/** Undefined while one of its programs has yet to be built. */
export function archiveRecipe(image: Image, goVersion: string | undefined): string | undefined {
  const stamps = programsOf(image).map((output) => validOutput(output, goVersion));
  if (stamps.includes(undefined)) return undefined;
  return recipeHash([imageRecipe(image), stamps.map((stamp) => stamp?.sha256)]);
}

/** The stamp of an output that is there and need not be made again. */
export function validOutput(output: Output, goVersion: string | undefined): Stamp | undefined {
  const recipe = output.kind === 'program' ? programRecipe(output) : archiveRecipe(output.image, goVersion);
  if (recipe === undefined) return undefined;
  const origin = output.kind === 'program' ? { recipe, goVersion } : { recipe };
  return validStamp(stampName(output), fileOf(output), origin);
}
