import { dirname, join, resolve } from 'node:path';
import { errorsOf, renderFinding } from '../../base/diagnostics.ts';
import { sha256Hex } from '../../base/hash.ts';
import type { Paths } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import { componentNames } from '../../health/manifest-files.ts';
import type { HostFiles } from '../../host/host.ts';
import type { RecordEntry } from '../../host/recording-host.ts';
import type { AgentPod, AgentStatus } from '../../kube/agent-socket.ts';
import { decodePod } from '../../kube/pod.ts';
import type { Pod } from '../../kube/types.ts';
import { parseKubeconfig } from '../../kubeconfig/kubeconfig.ts';
import { kubeconfigs } from '../../kubeconfig/kubeconfigs.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { manifestFile } from '../../manifests/components.ts';
import type { RenderedManifest } from '../../manifests/render.ts';
import { type FoundFile, type FoundFiles, readCertificateFiles, readFiles } from '../../pki/store.ts';
import { configurationText } from '../revisions/gather-revision.ts';
import type { Revision } from '../revisions/revision.ts';
import type { LastGood } from '../revisions/revisions.ts';
import { diffConfigurations } from './configuration-differences.ts';
import type { ChangeOver } from './expected-gap.ts';
import { hashMountedFiles, isReadBy } from './file-hashes.ts';
import type { RolloutFacts } from './plan.ts';
import type { DiskManifest, RunningComponent } from './plan-component.ts';
import type { FoundFileState } from './plan-files.ts';

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
  readonly changeOver?: ChangeOver | undefined;
} & Pick<RolloutFacts, 'sameInput' | 'notes' | 'otherFiles' | 'objects' | 'move'>;

/** Reads manifests, certificates, kubeconfigs and mounted files, and puts them beside what runs. Writes nothing. */
export async function gatherPlanFacts(input: GatherInput): Promise<RolloutFacts> {
  const { host, config, paths, now, rendered, status, lastGood, former } = input;
  const [onDisk, files, kubeconfigFiles, mounted] = await Promise.all([
    Promise.all(componentNames.map(async (name) => [name, await diskManifest(name, input)] as const)),
    readCertificateFiles(host, paths.certificatesDir),
    readKubeconfigFiles(host, paths),
    Promise.all(rendered.map(async (manifest) => [manifest.component, await mountedFiles(manifest, input)] as const)),
  ]);
  return {
    config,
    rendered: new Map(rendered.map((manifest) => [manifest.component, manifest])),
    onDisk: new Map(onDisk),
    running: status && { nodeName: status.nodeName, components: runningComponents(status, paths) },
    lastGood: lastGood && {
      number: lastGood.number,
      atMs: lastGood.atMs,
      message: lastGood.message,
      pods: podsOf(manifestsOf(lastGood), rendered),
    },
    lastWritten: input.current && podsOf(input.current.manifests, rendered),
    configuration: lastGood === undefined ? [] : diffConfigurations(lastGood.configuration, configurationText(config)),
    mountedFiles: new Map(mounted),
    pki: {
      ...{ config, paths, files, now, former, kubeconfigFiles },
      lastHashes: lastGood && new Map(lastGood.files.map(({ path, sha256 }) => [path, sha256])),
    },
    move: input.move,
    changeOver: input.changeOver,
    objects: input.objects,
    ...(input.sameInput !== undefined && { sameInput: input.sameInput }),
    ...(input.notes !== undefined && { notes: input.notes }),
    ...(input.otherFiles !== undefined && { otherFiles: input.otherFiles }),
  };
}

async function diskManifest(name: ComponentName, { host, paths, made, rendered }: GatherInput): Promise<DiskManifest> {
  const file = join(paths.manifestsDir, manifestFile(name));
  const text = await host.readText(file);
  if (text === undefined) return { state: 'absent' };
  const { pod, findings } = decodeOnce(text, file, rendered);
  if (pod === undefined) {
    // The change is named by the file already.
    const reasons = errorsOf(findings).map((finding) => renderFinding(finding).replace(`${file}:`, 'line '));
    return { state: 'invalid', reason: reasons.join('; ') };
  }
  const hashes = made.flatMap((entry) => (entry.path === file && entry.kind === 'file' ? [entry.sha256] : []));
  const asWritten = hashes.length === 0 ? undefined : hashes.includes(sha256Hex(text));
  return { state: 'there', pod, asWritten };
}

function manifestsOf({ manifests }: LastGood): Revision['manifests'] {
  return Object.fromEntries(manifests.map(({ component, text }) => [component, text]));
}

/** What was rendered is decoded already: reading YAML is the better part of a plan's time. */
function decodeOnce(text: string, file: string, rendered: GatherInput['rendered']): ReturnType<typeof decodePod> {
  const same = rendered.find((manifest) => manifest.text === text);
  return same === undefined ? decodePod(text, file) : { pod: same.pod, findings: [] };
}

function podsOf(manifests: Revision['manifests'], rendered: GatherInput['rendered']): ReadonlyMap<ComponentName, Pod> {
  return new Map(
    componentNames.flatMap((component) => {
      const text = manifests[component];
      const pod = text === undefined ? undefined : decodeOnce(text, component, rendered).pod;
      return pod === undefined ? [] : [[component, pod] as const];
    }),
  );
}

/** The pods that come from our manifest files; one that only stops still has no file. */
function runningComponents(status: AgentStatus, { manifestsDir }: Paths): ReadonlyMap<ComponentName, RunningComponent> {
  const found = componentNames.flatMap((component) => {
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
  const now = await hashMountedFiles(host, manifest.pod, paths);
  const before = (lastGood?.files ?? []).filter(({ component }) => component === manifest.component);
  const last = new Map(before.map(({ path, sha256 }) => [path, sha256]));
  const gone = [...last.keys()].filter((path) => !(path in now) && isReadBy(manifest.pod, path, paths));
  const names = [...new Set([...Object.keys(now), ...gone])];
  return Promise.all(
    names.map(async (path) => {
      const info = await host.stat(path);
      // What is moved or copied here may carry the time of its former place.
      const modifiedAtMs = info && Math.max(info.modifiedAtMs, info.changedAtMs ?? 0);
      return { path, sha256: now[path], lastSha256: last.get(path), modifiedAtMs };
    }),
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
