import type Docker from 'dockerode';
import { containerName, labels } from '../labels.ts';
import type { ContainerConfig, ContainerSecurity, SandboxConfig, SeccompChoice } from '../runtime.ts';
import { containerType, dockerLabels, sandboxType, writeLabels } from './identity.ts';
import { mountOptions } from './mounts.ts';
import { dnsOptions, portBindings, portKey } from './networking.ts';

/** What is asked of Docker for one container: `name` in the query, `body` as JSON. */
export type ContainerSpec = {
  readonly name: string;
  readonly body: Docker.ContainerCreateOptions;
  readonly hostConfig: Docker.HostConfig;
};

/** What every container of this runtime carries. */
export type SpecContext = { readonly owner: string; readonly logRotation?: LogRotation | undefined };
export type LogRotation = { readonly maxBytes: number; readonly maxFiles: number };

/** The kubelet's own (containerLogMaxSize 10Mi, containerLogMaxFiles 5). */
const defaultRotation: LogRotation = { maxBytes: 10 * 2 ** 20, maxFiles: 5 };
/** An image's own HEALTHCHECK is off. */
const noHealthcheck = { Test: ['NONE'] };

/** The sandbox's container as dockershim made it (kubelet.md 2.3; cri-dockerd core/sandbox_helpers.go). */
export function sandboxSpec(config: SandboxConfig, { owner, logRotation }: SpecContext): ContainerSpec {
  const own = { [dockerLabels.type]: sandboxType, [labels.containerName]: 'POD', [labels.owner]: owner };
  const ports = config.hostNetwork ? [] : config.ports;
  return {
    name: containerName(config.pod, 'POD', config.attempt),
    body: {
      Image: config.image,
      Labels: writeLabels(config, config.pod, own),
      Healthcheck: noHealthcheck,
      ...(config.hostNetwork ? {} : { Hostname: config.hostname.slice(0, 64) }),
      ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])),
    },
    hostConfig: {
      NetworkMode: config.hostNetwork ? 'host' : 'default',
      IpcMode: config.hostIpc ? 'host' : 'shareable',
      ...(config.hostPid ? { PidMode: 'host' } : {}),
      ...(config.hostNetwork ? { UTSMode: 'host' } : {}),
      RestartPolicy: { Name: 'no' },
      OomScoreAdj: -998,
      CpuShares: 2,
      SecurityOpt: ['no-new-privileges', ...seccompOptions(config.seccomp)],
      Sysctls: { ...config.sysctls },
      PortBindings: portBindings(ports),
      LogConfig: logConfig(logRotation),
      ...(config.cgroupParent === undefined ? {} : { CgroupParent: config.cgroupParent }),
      ...dnsOptions(config.dns),
    },
  };
}

/** A container in a sandbox (kubelet.md 2.4; cri-dockerd core/container_create.go). */
export function containerSpec(
  sandboxId: string,
  sandbox: SandboxConfig,
  config: ContainerConfig,
  { owner, logRotation }: SpecContext,
): ContainerSpec {
  const own = {
    [dockerLabels.type]: containerType,
    [labels.containerName]: config.name,
    [labels.owner]: owner,
    [dockerLabels.sandboxId]: sandboxId,
    [dockerLabels.logPath]: config.logPath,
    [dockerLabels.image]: config.image,
  };
  return {
    name: containerName(sandbox.pod, config.name, config.attempt),
    body: {
      Image: config.imageId === '' ? config.image : config.imageId,
      Labels: writeLabels(config, sandbox.pod, own),
      Healthcheck: noHealthcheck,
      ...(config.command.length === 0 ? {} : { Entrypoint: [...config.command] }),
      ...(config.args.length === 0 ? {} : { Cmd: [...config.args] }),
      Env: config.env.map(({ name, value }) => `${name}=${value}`),
      OpenStdin: config.stdin,
      StdinOnce: config.stdinOnce,
      Tty: config.tty,
      ...(config.workingDir === undefined ? {} : { WorkingDir: config.workingDir }),
      ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
      ...userOf(config.security),
    },
    hostConfig: { ...namespacesOf(sandboxId, sandbox), ...hostConfigOf(config), LogConfig: logConfig(logRotation) },
  };
}

/** Whatever the engine's own log driver is: /var/log/pods needs files. */
function logConfig({ maxBytes, maxFiles }: LogRotation = defaultRotation) {
  return { Type: 'json-file', Config: { 'max-size': `${maxBytes}`, 'max-file': `${maxFiles}` } };
}

function namespacesOf(sandboxId: string, sandbox: SandboxConfig): Docker.HostConfig {
  const shared = `container:${sandboxId}`;
  return {
    NetworkMode: shared,
    IpcMode: sandbox.hostIpc ? 'host' : shared,
    ...(sandbox.hostNetwork ? { UTSMode: 'host' } : {}),
    ...(sandbox.hostPid ? { PidMode: 'host' } : sandbox.sharedPid ? { PidMode: shared } : {}),
    ...(sandbox.cgroupParent === undefined ? {} : { CgroupParent: sandbox.cgroupParent }),
  };
}

function hostConfigOf({ mounts, resources, security }: ContainerConfig): Docker.HostConfig {
  const memory = resources.memoryLimitBytes;
  return {
    RestartPolicy: { Name: 'no' },
    ...mountOptions(mounts),
    OomScoreAdj: resources.oomScoreAdj,
    ...(resources.cpuShares === undefined ? {} : { CpuShares: resources.cpuShares }),
    ...(resources.cpuQuota === undefined ? {} : { CpuPeriod: 100_000, CpuQuota: resources.cpuQuota }),
    // No swap beyond the limit, as the kubelet.
    ...(memory === undefined ? {} : { Memory: memory, MemorySwap: memory }),
    Privileged: security.privileged,
    ReadonlyRootfs: security.readOnlyRootFilesystem,
    CapAdd: [...security.addCapabilities],
    CapDrop: [...security.dropCapabilities],
    GroupAdd: security.supplementalGroups.map(String),
    SecurityOpt: securityOptions(security),
    ...(security.unmaskedProc ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
  };
}

function userOf({ runAsUser, runAsGroup }: ContainerSecurity): { User?: string } {
  if (runAsUser === undefined) return {};
  return { User: runAsGroup === undefined ? `${runAsUser}` : `${runAsUser}:${runAsGroup}` };
}

function securityOptions(security: ContainerSecurity): string[] {
  const { appArmor } = security;
  return [
    ...(security.noNewPrivileges ? ['no-new-privileges'] : []),
    ...seccompOptions(security.seccomp),
    ...(appArmor === undefined || appArmor === 'runtime/default' ? [] : [`apparmor=${appArmor}`]),
    ...Object.entries(security.seLinux ?? {}).map(([key, value]) => `label=${key}:${value}`),
  ];
}

/** Docker's own profile is what it does without being told. */
function seccompOptions(choice: SeccompChoice): string[] {
  if (choice.type === 'Localhost') return [`seccomp=${choice.json}`];
  return choice.type === 'Unconfined' ? ['seccomp=unconfined'] : [];
}
