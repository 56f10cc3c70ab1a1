import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';

/** A package of others that is part of the executable. */
export type Component = {
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly licence: string;
  readonly licenceText: string;
  readonly kind: 'library' | 'platform';
};

/** The npm packages of which the bundle has a file, and Node, by name. */
export function componentsOf(metafile: Metafile): readonly Component[] {
  const directories = Object.keys(metafile.inputs).flatMap((input) => {
    const found = /^(.*node_modules[/](?:@[^/]+[/])?[^/]+)[/]/.exec(input)?.[1];
    return found === undefined ? [] : [found];
  });
  const libraries = [...new Set(directories)].map((directory) => componentIn(directory, 'library'));
  return [...libraries, nodeComponent()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function componentIn(directory: string, kind: Component['kind']): Component {
  const read = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Record<
    'name' | 'version' | 'license',
    string
  >;
  const [file] = globSync(['LICEN[CS]E*', 'licen[cs]e*', 'COPYING*'], { cwd: directory }).sort();
  const text = file === undefined ? `${read.license}\n` : readFileSync(join(directory, file), 'utf8');
  return { name: read.name, version: read.version, licence: read.license, licenceText: text, kind };
}

function nodeComponent(): Component {
  const [directory = ''] = globSync('node_modules/node-linux-*');
  return { ...componentIn(directory, 'platform'), name: 'node', licence: 'MIT' };
}

/** The licences of all, one after another. */
export function licencesText(components: readonly Component[]): string {
  const parts = components.map(
    ({ name, version, licenceText }) =>
      `${'='.repeat(72)}\n${name} ${version}\n${'='.repeat(72)}\n\n${licenceText.trim()}\n`,
  );
  return `This product contains the software below.\n\n${parts.join('\n')}`;
}

/** What the product is made of, as CycloneDX 1.6 has it. */
export function billOfMaterials(
  components: readonly Component[],
  { version, epochSeconds }: { readonly version: string; readonly epochSeconds: number },
): string {
  const product = {
    type: 'application',
    'bom-ref': `pkg:npm/kube-bootstrap@${version}`,
    name: 'kube-bootstrap',
    version,
    licenses: [{ license: { id: 'Apache-2.0' } }],
  };
  const rows = components.map(({ name, version: itsVersion, licence, kind }) => ({
    type: kind,
    'bom-ref': reference(name, itsVersion, kind),
    name,
    version: itsVersion,
    licenses: [{ expression: licence }],
    ...(kind === 'library' ? { purl: reference(name, itsVersion, kind) } : {}),
  }));
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { timestamp: new Date(epochSeconds * 1000).toISOString(), component: product },
    components: rows,
    dependencies: [{ ref: product['bom-ref'], dependsOn: rows.map((row) => row['bom-ref']) }],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** Package URL of npm: the scope's @ is escaped. */
const reference = (name: string, version: string, kind: Component['kind']) =>
  kind === 'library' ? `pkg:npm/${name.replace(/^@/, '%40')}@${version}` : `pkg:generic/${name}@${version}`;
