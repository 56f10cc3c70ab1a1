import { LastGoodStore } from '../../src/agent/source/last-good.ts';
import { ManifestSource, type SourceOptions } from '../../src/agent/source/manifest-source.ts';
import { FakeClock } from './fake-clock.ts';
import { MemoryHost } from './memory-host.ts';
import { recordingLog } from './recording-log.ts';

export const manifestDir = '/manifests';
/** Of the pod of `webManifest()` on the source's node. */
export const webKey = 'default/web-node1';

/** A source over a directory in memory with these files, an hour old; `again` makes the next agent's. */
export function aSource(files: Readonly<Record<string, string>> = {}, change: Partial<SourceOptions> = {}) {
  const clock = new FakeClock();
  const host = new MemoryHost({ [`${manifestDir}/.keep`]: '' });
  host.nowMs = clock.now() - 3_600_000;
  for (const [name, text] of Object.entries(files)) host.seed(`${manifestDir}/${name}`, text);
  const changes: string[] = [];
  const log = recordingLog();
  const options: SourceOptions = {
    host,
    clock,
    log,
    path: manifestDir,
    nodeName: 'Node1',
    checkEveryMs: 20_000,
    lastGood: new LastGoodStore(host, '/state/last-good', log),
    onChange: (changed) => void changes.push(changed),
    ...change,
  };
  const again = () => new ManifestSource(options);
  return { clock, host, changes, log, options, source: again(), again };
}
