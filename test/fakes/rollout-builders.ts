import { type Paths, pathsOf } from '../../src/config/paths.ts';
import type { Config } from '../../src/config/types.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import type { Pod } from '../../src/kube/types.ts';
import { kubeconfigs } from '../../src/kubeconfig/kubeconfigs.ts';
import type { ComponentName } from '../../src/manifests/component.ts';
import { type RenderedManifest, renderManifests } from '../../src/manifests/render.ts';
import { readTemplates } from '../../src/manifests/templates.ts';
import { readCertificateFiles, readFiles } from '../../src/pki/store.ts';
import type { RolloutFacts } from '../../src/rollout/plan/plan.ts';
import type { RunningComponent } from '../../src/rollout/plan/plan-component.ts';
import { hostFacts } from './manifest-builders.ts';
import { MemoryHost } from './memory-host.ts';
import { anEcdsaConfig, makePki, pkiContext } from './pki-context.ts';

function pathsFor({ cluster }: Config): Paths {
  const { local } = cluster.etcd;
  return pathsOf('/', { certificatesDir: cluster.certificatesDir, ...(local && { etcdDataDir: local.dataDir }) });
}

/** When the containers of `aPlane` started, and when its revision was written. */
export const planeStartedMs = Date.UTC(2026, 0, 1);

/** The pods of a configuration, by our own templates. */
export async function renderedPods(config: Config): Promise<ReadonlyMap<ComponentName, RenderedManifest>> {
  const templates = await readTemplates(nodeHost);
  const manifests = await renderManifests({ config, paths: pathsFor(config), templates, hostFacts: hostFacts() });
  return new Map(manifests.map((manifest) => [manifest.component, manifest]));
}

/** A healthy plane of `former` (default: a default configuration), seen with `config` in hand: nothing else differs. */
export async function aPlane(
  change: { readonly former?: Config; readonly config?: Config; readonly disk?: MemoryHost } = {},
): Promise<RolloutFacts> {
  const { former = anEcdsaConfig(), config = former, disk = new MemoryHost() } = change;
  const paths = pathsFor(config);
  const context = pkiContext(disk, { config: former });
  if (disk.files().length === 0) await makePki(context);
  const [before, rendered] = await Promise.all([renderedPods(former), renderedPods(config)]);
  const entries = [...before];
  const running = ({ pod }: { readonly pod: Pod }): RunningComponent => ({
    pod,
    startedAtMs: planeStartedMs,
    image: pod.spec.containers[0]?.image,
  });
  return {
    config,
    rendered,
    onDisk: new Map(entries.map(([name, { pod }]) => [name, { state: 'there', pod, asWritten: true }])),
    running: {
      nodeName: former.init.nodeRegistration.name,
      components: new Map(entries.map(([name, manifest]) => [name, running(manifest)])),
    },
    lastGood: { number: 1, atMs: planeStartedMs, pods: new Map(entries.map(([name, { pod }]) => [name, pod])) },
    configuration: [],
    mountedFiles: new Map(),
    pki: {
      config,
      paths,
      former,
      now: context.clock.now(),
      files: await readCertificateFiles(disk, paths.certificatesDir),
      kubeconfigFiles: await readFiles(
        disk,
        kubeconfigs.map((spec) => spec.path(paths)),
      ),
    },
  };
}

/** The same pod with other words in its command. */
export function withCommand(pod: Pod, change: (command: readonly string[]) => readonly string[]): Pod {
  const [main, ...others] = pod.spec.containers;
  if (main === undefined) throw new Error('the pod has no container');
  const containers = [{ ...main, command: change(main.command ?? []) }, ...others];
  return { ...pod, spec: { ...pod.spec, containers } };
}

/** The plane with one of its manifests as somebody left it; the agent has taken it up unless `running` is false. */
export function edited(
  facts: RolloutFacts,
  name: ComponentName,
  change: { readonly pod: (pod: Pod) => Pod; readonly running?: boolean },
): RolloutFacts {
  const manifest = facts.onDisk.get(name);
  if (manifest?.state !== 'there' || facts.running === undefined) throw new Error(`no ${name} in the plane`);
  const pod = change.pod(manifest.pod);
  const onDisk = new Map([...facts.onDisk, [name, { ...manifest, pod, asWritten: false }] as const]);
  const runs = { pod, startedAtMs: planeStartedMs, image: pod.spec.containers[0]?.image };
  const components = new Map([...facts.running.components, [name, runs] as const]);
  const running = change.running === false ? facts.running : { ...facts.running, components };
  return { ...facts, onDisk, running };
}
