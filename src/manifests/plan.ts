import { parseJsonOrYaml } from '../kube/yaml.ts';
import { describeChanges } from './changes.ts';
import type { RenderedManifest } from './render.ts';

export type ManifestPlan = {
  readonly manifest: RenderedManifest;
  readonly action: 'create' | 'keep' | 'update';
  readonly because: string;
};

const shownChanges = 4;

/** What writing a manifest means, given the text that is in its file now (undefined: no file). */
export function planManifest(manifest: RenderedManifest, existing: string | undefined): ManifestPlan {
  if (existing === undefined) return { manifest, action: 'create', because: 'not there yet' };
  if (existing === manifest.text) return { manifest, action: 'keep', because: 'as configured' };
  const before = parseJsonOrYaml(existing);
  if (before === undefined) return { manifest, action: 'update', because: 'the file is no single YAML document' };
  const changes = describeChanges(before, parseJsonOrYaml(manifest.text));
  if (changes.length === 0) return { manifest, action: 'keep', because: 'as configured, but for its formatting' };
  const more = changes.length - shownChanges;
  const shown = changes.slice(0, shownChanges).join('; ');
  return { manifest, action: 'update', because: more > 0 ? `${shown}; ${more} more` : shown };
}
