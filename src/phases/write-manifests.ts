import { renderFinding } from '../base/diagnostics.ts';
import type { ComponentName } from '../manifests/component.ts';
import { manifestFile } from '../manifests/components.ts';
import { readHostFacts } from '../manifests/host-facts.ts';
import { readPatches } from '../manifests/patches.ts';
import { planManifest } from '../manifests/plan.ts';
import { type RenderedManifest, renderManifests } from '../manifests/render.ts';
import { readTemplates } from '../manifests/templates.ts';
import type { PhaseContext } from './phase.ts';

type RenderContext = Pick<PhaseContext, 'config' | 'paths' | 'host' | 'report' | 'templatesDirectory'>;

/**
 * The manifests of this configuration (those in `only`, else all), from templates, patches and what the machine has;
 * warnings are reported. Throws UsageError for a mistake in templates, patches or extra settings. Changes nothing.
 */
export async function renderFor(
  { config, paths, host, report, templatesDirectory }: RenderContext,
  only?: readonly ComponentName[],
): Promise<readonly RenderedManifest[]> {
  const { patchesDirectory } = config.init;
  const [templates, hostFacts, { patches, warnings }] = await Promise.all([
    readTemplates(host, templatesDirectory),
    readHostFacts(host, paths),
    patchesDirectory === undefined ? { patches: [], warnings: [] } : readPatches(host, patchesDirectory),
  ]);
  for (const warning of [...templates.warnings, ...warnings]) report.warn(warning);
  const manifests = await renderManifests({ config, paths, templates, hostFacts, patches }, only);
  for (const finding of manifests.flatMap((manifest) => manifest.warnings)) report.warn(renderFinding(finding));
  return manifests;
}

/** Renders the components' manifests, all before the first is written, and writes those that differ from what is there. */
export async function writeManifests(context: PhaseContext, only: readonly ComponentName[]): Promise<void> {
  const { host, paths, report } = context;
  const rendered = context.manifests?.filter(({ component }) => only.includes(component));
  const manifests = rendered ?? (await renderFor(context, only));
  const plans = await Promise.all(
    manifests.map(async (manifest) => planManifest(manifest, await host.readText(manifest.file))),
  );
  // 0700 and 0600 as kubeadm's (util/staticpod WriteStaticPodToDisk): flags may hold what is not for everybody.
  await host.makeDirectory(paths.manifestsDir, { mode: 0o700 });
  for (const { manifest, action, because } of plans) {
    if (action !== 'keep') await host.writeFile(manifest.file, manifest.text, { mode: 0o600 });
    report.item({ item: manifestFile(manifest.component), action, because });
  }
}
