import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Host } from '../../host/host.ts';
import type { AgentPaths } from '../home/paths.ts';
import type { AgentSettings } from '../settings/settings.ts';
import { shownUrl } from './fetch-manifest.ts';
import { isUrl, LastGoodStore } from './last-good.ts';
import { ManifestSource } from './manifest-source.ts';
import { combineSources, type PodSource } from './pod-source.ts';
import type { ReviewChange } from './review-changes.ts';
import { UrlSource } from './url-source.ts';

type Doors = {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: AgentSettings;
  readonly paths: Pick<AgentPaths, 'lastGoodDir'>;
  readonly reviewChange?: ReviewChange | undefined;
};

/** Every source of pods that the settings name, as one; none named = a source of nothing. */
export function openSources(doors: Doors, onChange: (key: string) => void): PodSource {
  const { host, log, paths, settings } = doors;
  const { staticPodPath: path, manifestURL: url, nodeName } = settings;
  const lastGood = new LastGoodStore(host, paths.lastGoodDir, log);
  const shared = { ...doors, nodeName, lastGood };
  const directory = (changed: (key: string) => void, from: string) =>
    new ManifestSource({ ...shared, path: from, checkEveryMs: settings.fileCheckFrequencyMs, onChange: changed });
  const fetched = (changed: (key: string) => void, from: string) =>
    new UrlSource({
      ...shared,
      url: from,
      headers: settings.manifestURLHeaders,
      checkEveryMs: settings.httpCheckFrequencyMs,
      onChange: changed,
    });
  const sources = combineSources(
    [
      ...(path === undefined ? [] : [(changed: (key: string) => void) => directory(changed, path)]),
      ...(url === undefined ? [] : [(changed: (key: string) => void) => fetched(changed, url)]),
    ],
    onChange,
  );
  return {
    ...sources,
    start: async () => {
      await forgetOthers(lastGood, url === undefined ? undefined : shownUrl(url));
      await sources.start();
    },
  };
}

/** What an agent with another URL kept. */
async function forgetOthers(lastGood: LastGoodStore, shown: string | undefined): Promise<void> {
  for (const { file } of await lastGood.all()) if (isUrl(file) && file !== shown) lastGood.forget(file);
}
