import { dirname, join, resolve } from 'node:path';
import { errorsOf, renderFinding } from '../base/diagnostics.ts';
import { sha256Hex } from '../base/hash.ts';
import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/types.ts';
import type { HostFiles } from '../host/host.ts';
import type { RecordEntry } from '../host/recording-host.ts';
import type { AgentPod, AgentStatus } from '../kube/agent-socket.ts';
import { decodePod } from '../kube/pod.ts';
import type { Pod } from '../kube/types.ts';
import { parseKubeconfig } from '../kubeconfig/kubeconfig.ts';
import { kubeconfigs } from '../kubeconfig/kubeconfigs.ts';
import type { ComponentName } from '../manifests/component.ts';
import { manifestFile } from '../manifests/components.ts';
import type { RenderedManifest } from '../manifests/render.ts';
import { type FoundFile, type FoundFiles, readCertificateFiles, readFiles } from '../pki/store.ts';
import { diffConfigurations } from './configuration-differences.ts';
import type { ChangeOver } from './expected-gap.ts';
import { fileFlags } from './file-flags.ts';
import { hashMountedFiles } from './file-hashes.ts';
import { configurationText } from './gather-revision.ts';
import type { RolloutFacts } from './plan.ts';
import type { DiskManifest, RunningComponent } from './plan-component.ts';
import type { FoundFileState } from './plan-files.ts';
import type { Revision } from './revision.ts';
import type { LastGood } from './revisions.ts';
import { rollingOrder } from './rolling-order.ts';

export type GatherInput = {
  readonly host: Pick<HostFiles, 'readFile' | 'readText' | 'stat' | 'list'>;
  readonly config: Config;
  readonly paths: Paths;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly rendered: readonly RenderedManifest[];
  /** Undefined when no agent answers. */
  readonly status: AgentStatus | undefined;
  readonly lastGood: LastGood | undefined;
  /** The newest revision that was not undone: the last good one, or one that failed and was left. */
  readonly current: Pick<Revision, 'manifests'> | undefined;
  /** The configuration of the last good revision. */
  readonly former: Config | undefined;
  /** What `init` and `apply` wrote below this root. */
  readonly made: readonly RecordEntry[];
  readonly planeRuntime?: string | undefined;
  readonly changeOver?: ChangeOver | undefined;
};

/** Reads manifests, certificates, kubeconfigs and mounted files, and puts them beside what runs. Writes nothing. */
export async function gatherPlanFacts(input: GatherInput): Promise<RolloutFacts> {
  const { host, config, paths, now, rendered, status, lastGood, former } = input;
  const [onDisk, files, kubeconfigFiles, mounted] = await Promise.all([
    Promise.all(rollingOrder.map(async (name) => [name, await diskManifest(name, input)] as const)),
    readCertificateFiles(host, paths.certificatesDir),
    readKubeconfigFiles(host, paths),
    Promise.all(rendered.map(async (manifest) => [manifest.component, await mountedFiles(manifest, input)] as const)),
  ]);
  return {
    config,
    rendered: new Map(rendered.map((manifest) => [manifest.component, manifest])),
    onDisk: new Map(onDisk),
    running: status && { nodeName: status.nodeName, components: runningComponents(status, paths) },
    lastGood: lastGood && { number: lastGood.number, atMs: lastGood.atMs, pods: podsOf(manifestsOf(lastGood)) },
    lastWritten: input.current && podsOf(input.current.manifests),
    configuration: lastGood === undefined ? [] : diffConfigurations(lastGood.configuration, configurationText(config)),
    mountedFiles: new Map(mounted),
    pki: {
      ...{ config, paths, files, now, former, kubeconfigFiles },
      lastHashes: lastGood && new Map(lastGood.files.map(({ path, sha256 }) => [path, sha256])),
    },
    planeRuntime: input.planeRuntime,
    changeOver: input.changeOver,
  };
}

async function diskManifest(name: ComponentName, { host, paths, made }: GatherInput): Promise<DiskManifest> {
  const file = join(paths.manifestsDir, manifestFile(name));
  const text = await host.readText(file);
  if (text === undefined) return { state: 'absent' };
  const { pod, findings } = decodePod(text, file);
  if (pod === undefined) return { state: 'invalid', reason: errorsOf(findings).map(renderFinding).join('; ') };
  const hashes = made.flatMap((entry) => (entry.path === file && entry.kind === 'file' ? [entry.sha256] : []));
  const asWritten = hashes.length === 0 ? undefined : hashes.includes(sha256Hex(text));
  return { state: 'there', pod, asWritten };
}

function manifestsOf({ manifests }: LastGood): Revision['manifests'] {
  return Object.fromEntries(manifests.map(({ component, text }) => [component, text]));
}

function podsOf(manifests: Revision['manifests']): ReadonlyMap<ComponentName, Pod> {
  return new Map(
    rollingOrder.flatMap((component) => {
      const { pod } = decodePod(manifests[component] ?? '', component);
      return pod === undefined ? [] : [[component, pod] as const];
    }),
  );
}

/** The pods that come from our manifest files; one that only stops still has no file. */
function runningComponents(status: AgentStatus, { manifestsDir }: Paths): ReadonlyMap<ComponentName, RunningComponent> {
  const found = rollingOrder.flatMap((component) => {
    const file = join(manifestsDir, manifestFile(component));
    const entry = status.pods.find((candidate) => candidate.file === file);
    return entry === undefined ? [] : [[component, runningComponent(entry)] as const];
  });
  return new Map(found);
}

function runningComponent({ pod }: AgentPod): RunningComponent {
  const [container] = pod.status?.containerStatuses ?? [];
  const startedAtMs = Date.parse(container?.state.running?.startedAt ?? '');
  const node = `-${(pod.spec.nodeName ?? '').toLowerCase()}`;
  const { name } = pod.metadata;
  const metadata = { ...pod.metadata, name: name.endsWith(node) ? name.slice(0, -node.length) : name };
  return {
    pod: { ...pod, metadata },
    startedAtMs: Number.isNaN(startedAtMs) ? undefined : startedAtMs,
    image: container?.image,
  };
}

/** The files that a component can read, with their hashes now and in the last good revision. */
async function mountedFiles(manifest: RenderedManifest, input: GatherInput): Promise<readonly FoundFileState[]> {
  const { host, paths, lastGood } = input;
  const now = await hashMountedFiles(host, manifest.text, paths);
  const before = (lastGood?.files ?? []).filter(({ component }) => component === manifest.component);
  const last = new Map(before.map(({ path, sha256 }) => [path, sha256]));
  const gone = fileFlags(manifest.component, manifest.pod).filter(({ path }) => last.has(path) && !(path in now));
  const names = [...new Set([...Object.keys(now), ...gone.map(({ path }) => path)])];
  return Promise.all(
    names.map(async (path) => ({
      path,
      sha256: now[path],
      lastSha256: last.get(path),
      modifiedAtMs: (await host.stat(path))?.modifiedAtMs,
    })),
  );
}

/** The kubeconfigs, and the CA files that they refer to. */
async function readKubeconfigFiles(host: GatherInput['host'], paths: Paths): Promise<FoundFiles> {
  const files = await readFiles(
    host,
    kubeconfigs.map((spec) => spec.path(paths)),
  );
  const referred = await readFiles(host, [...files].flatMap(referredFiles));
  return new Map([...referred, ...files]);
}

function referredFiles([path, { text }]: readonly [string, FoundFile]): readonly string[] {
  try {
    const { caFile } = parseKubeconfig(text, path);
    return caFile === undefined ? [] : [resolve(dirname(path), caFile)];
  } catch {
    // The plan says what is wrong with it.
    return [];
  }
}
