import { join } from 'node:path';
import { containerConfig } from '../../agent/containers/container-config.ts';
import type { PodContext } from '../../agent/containers/pod-context.ts';
import { refuseRoot } from '../../agent/containers/run-as-non-root.ts';
import { sandboxConfig } from '../../agent/containers/sandbox-config.ts';
import { ownerId } from '../../agent/home/owner.ts';
import { podPaths } from '../../agent/home/pod-paths.ts';
import { lastLogLines } from '../../agent/logs/last-lines.ts';
import { decideSettings } from '../../agent/settings/decide-settings.ts';
import type { AgentSettings } from '../../agent/settings/settings.ts';
import { prepareVolumes } from '../../agent/volumes/prepare-volumes.ts';
import { prepareSurroundings } from '../../agent/volumes/surroundings.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { removeUnmounted } from '../../host/mount-points.ts';
import type { Container, Pod } from '../../kube/types.ts';
import { type CanaryDoors, canaryOwner } from '../../rollout/canary/doors.ts';
import type { RuntimeChoice } from '../../runtime/open.ts';
import type { ContainerRuntime, ImageInfo } from '../../runtime/runtime.ts';

type Input = {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  readonly paths: Paths;
  readonly runtimeType: () => Promise<Pick<RuntimeChoice, 'type' | 'endpoint'>>;
  /** Whose they are: those of another name are neither seen nor removed. */
  readonly name?: 'canary' | 'flags';
};

/** Canaries are made by the agent's own rules, by its settings, in directories of their own. */
export function canaryDoors(input: Input): CanaryDoors {
  const { host } = input;
  const directory = directoryOf(input);
  let opened: Promise<ContainerRuntime> | undefined;
  let decided: Promise<AgentSettings> | undefined;
  const runtime = () => (opened ??= openedRuntime(input, directory));
  const settings = () => (decided ??= settingsOf(input));
  const obtainImage: CanaryDoors['obtainImage'] = async (reference, policy) =>
    obtain(input, { runtime: await runtime(), settings: await settings(), reference, policy });
  return {
    host,
    directory,
    runtime,
    obtainImage,
    podConfigs: async (pod, start) => {
      const context = contextOf(input, { pod, uid: start.uid, runtime: await runtime(), settings: await settings() });
      await host.makeDirectory(directory, { mode: 0o700 });
      if (context.hasMounts) await obtainImage(context.sandboxImage, 'IfNotPresent');
      return configsOf(input, context, { ...start, obtainImage });
    },
    lastLines: (logPath, count) => lastLogLines(host, logPath, count),
    clear: async () => {
      await (await opened)?.close();
      opened = undefined;
      await removeUnmounted(host, directory);
    },
  };
}

function directoryOf({ paths, name = 'canary' }: Input): string {
  return join(paths.stateDir, name);
}

async function openedRuntime(input: Input, directory: string) {
  const { host, clock, log, paths, runtimeType, name } = input;
  const { openRuntime } = await import('../../runtime/open.ts');
  const { type, endpoint } = await runtimeType();
  const id = await ownerId(host, paths.stateDir);
  const owner = name === 'flags' ? `f-${id}` : canaryOwner(id);
  const own = { root: paths.root, containersDir: join(directory, 'containers') };
  return openRuntime({ type, endpoint, host, clock, log: quiet(log), owner, paths: own });
}

/** What a host lacks the agent has said already. */
function quiet(log: Log): Log {
  return { ...log, info: (message) => log.verbose(1, message), warn: (message) => log.verbose(1, message) };
}

/** As the agent of this root runs. */
async function settingsOf({ host, paths }: Input): Promise<AgentSettings> {
  const isThere = (await host.stat(paths.agentConfig)) !== undefined;
  return (await decideSettings(host, isThere ? { config: paths.agentConfig } : {})).settings;
}

async function obtain(
  { host }: Input,
  wanted: {
    readonly runtime: ContainerRuntime;
    readonly settings: AgentSettings;
    readonly reference: string;
    readonly policy: Container['imagePullPolicy'];
  },
): Promise<ImageInfo> {
  const { runtime, settings, reference, policy } = wanted;
  const found = await runtime.findImage(reference);
  if (found !== undefined) return found;
  const { obtainImage } = await import('../../runtime/images/obtain.ts');
  const { readCredentials } = await import('../../runtime/images/credentials.ts');
  const login = (image: string) => readCredentials(host, image);
  return obtainImage(runtime, reference, { policy, archives: settings.imageArchives, host, login });
}

type About = {
  readonly pod: Pod;
  readonly uid: string;
  readonly runtime: ContainerRuntime;
  readonly settings: AgentSettings;
};

/** As the agent's own (agent/agent-parts.ts), but for where things lie. */
function contextOf(input: Input, { pod, uid, runtime, settings }: About): PodContext {
  const { host, paths } = input;
  const directory = directoryOf(input);
  const roots = {
    kubeletDir: join(directory, 'kubelet'),
    podLogsDir: join(directory, 'logs'),
    containerLogsDir: join(directory, 'logs'),
  };
  const { name, namespace } = pod.metadata;
  return {
    desired: { pod, uid, hash: uid, file: '' },
    node: {
      name: settings.nodeName,
      ips: settings.nodeIPs,
      cpuCount: host.cpuCount(),
      memoryBytes: host.totalMemoryBytes(),
    },
    paths: podPaths(roots, { name, namespace, uid }),
    seccomp: { kubeletDir: paths.kubeletDir, seccompDefault: settings.seccompDefault },
    rules: settings,
    dns: settings.dns,
    hasMounts: runtime.type !== 'process',
    sandboxImage: settings.podInfraContainerImage,
  };
}

async function configsOf(
  { host, clock, log }: Input,
  context: PodContext,
  start: Parameters<CanaryDoors['podConfigs']>[1] & { readonly obtainImage: CanaryDoors['obtainImage'] },
): ReturnType<CanaryDoors['podConfigs']> {
  const { pod } = context.desired;
  const { attempt, image, obtainImage } = start;
  const [container] = pod.spec.containers;
  if (container === undefined) throw new Error('the pod has no container');
  refuseRoot(pod, container, image);
  const images = {
    get: (_uid: string, wanted: Pick<Container, 'image' | 'imagePullPolicy'>) =>
      obtainImage(wanted.image, wanted.imagePullPolicy),
  };
  await prepareVolumes({ host, clock, log, images }, context);
  await host.makeDirectory(context.paths.logDir, { mode: 0o755 });
  await host.makeDirectory(context.paths.containerLogDir(container.name), { mode: 0o755 });
  const about = { container, attempt, podIPs: [] };
  const surroundings = await prepareSurroundings(host, context, about);
  if (context.hasMounts) await makeTerminationLog(host, context.paths.terminationLog(container.name, attempt));
  return {
    sandbox: await sandboxConfig(host, context, 0),
    container: await containerConfig(host, context, { ...about, crashes: 0, image, surroundings }),
  };
}

async function makeTerminationLog(host: Host, path: string): Promise<void> {
  await host.makeDirectory(join(path, '..'), { mode: 0o755 });
  await host.createFile(path, '', { mode: 0o666 });
}
