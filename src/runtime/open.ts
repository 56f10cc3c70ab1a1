import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { PreflightError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Host, HostMachine, HostNetwork } from '../host/host.ts';
import type { ContainerRuntime, RuntimeType } from './runtime.ts';

export type RuntimeChoice = {
  readonly type: RuntimeType;
  /** `unix:///var/run/docker.sock`; undefined for process. */
  readonly endpoint: string | undefined;
  readonly because: string;
};

type Wanted = { readonly type?: RuntimeType | 'auto' | undefined; readonly endpoint?: string | undefined };

const dockerEndpoint = 'unix:///var/run/docker.sock';
const containerdEndpoint = 'unix:///var/run/containerd/containerd.sock';
/** A Docker Engine answers a ping at once; a hung one shall not hold up the decision. */
const pingTimeoutMs = 2000;

/**
 * Which runtime is meant, first of: `runtime` (`--runtime`, `--runtime-endpoint`, then BootstrapConfiguration.runtime),
 * `criSocket` (`--cri-socket`, then nodeRegistration.criSocket), what the plane was made with, what answers here. A
 * socket that Docker answers on is docker. `auto` does not end at CRI as long as there is no runtime for it.
 */
export async function chooseRuntime(input: {
  readonly host: Pick<HostNetwork, 'request'>;
  readonly runtime?: Wanted | undefined;
  readonly criSocket?: string | undefined;
  readonly planeRuntime?: Wanted | undefined;
}): Promise<RuntimeChoice> {
  const { host, runtime = {}, criSocket, planeRuntime } = input;
  if (runtime.type !== undefined && runtime.type !== 'auto') {
    return withEndpoint(runtime.type, runtime.endpoint, `runtime.type is ${runtime.type}`);
  }
  const endpoint = given(runtime.endpoint) ?? given(criSocket);
  if (endpoint !== undefined) return askEndpoint(host, endpoint);
  if (planeRuntime?.type !== undefined && planeRuntime.type !== 'auto') {
    return withEndpoint(planeRuntime.type, planeRuntime.endpoint, 'this control plane was made with it');
  }
  if (await isDocker(host, dockerEndpoint)) {
    return { type: 'docker', endpoint: dockerEndpoint, because: `Docker answers at ${dockerEndpoint}` };
  }
  return { type: 'process', endpoint: undefined, because: `no Docker answers at ${dockerEndpoint}` };
}

/** Makes the runtime ready for use; contacts nothing, so a daemon that comes later is no error. */
export async function openRuntime(options: {
  readonly type: RuntimeType;
  readonly endpoint?: string | undefined;
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  readonly owner: string;
  readonly paths: { readonly root: string; readonly containersDir: string };
  /** Of Docker's json-file logs; the process runtime's are rotated by the agent. */
  readonly logRotation?: { readonly maxBytes: number; readonly maxFiles: number } | undefined;
}): Promise<ContainerRuntime> {
  const { type, endpoint, paths, ...common } = options;
  if (type === 'docker') {
    const { createDockerRuntime } = await import('./docker/docker-runtime.ts');
    return createDockerRuntime({ ...common, socketPath: socketPathOf(endpoint ?? dockerEndpoint) });
  }
  if (type === 'process') {
    const { createProcessRuntime } = await import('./process/process-runtime.ts');
    const storeDir = imageStoreDir(options.host, paths.root);
    return createProcessRuntime({ ...common, storeDir, containersDir: paths.containersDir });
  }
  throw new PreflightError(
    `the container runtime at ${endpoint ?? containerdEndpoint} speaks CRI, which is not supported yet`,
    {
      hint: 'use --runtime docker or --runtime process',
    },
  );
}

/** Where the process runtime unpacks images: one store per user, outside of the root directory. */
export function imageStoreDir(host: Pick<HostMachine, 'env' | 'homeDirectory' | 'uid'>, root: string): string {
  return host.uid === 0 && root === '/' ? '/var/lib/bootstrap/images' : join(cacheDir(host), 'store');
}

/** `$XDG_CACHE_HOME/kube-bootstrap`, `~/.cache` without XDG. */
function cacheDir(host: Pick<HostMachine, 'env' | 'homeDirectory'>): string {
  return join(given(host.env('XDG_CACHE_HOME')) ?? join(host.homeDirectory(), '.cache'), 'kube-bootstrap');
}

/** The path of `unix:///path`, or a bare path as kubeadm still takes it. */
export function socketPathOf(endpoint: string): string {
  const path = endpoint.replace(/^unix:(\/\/)?/, '');
  if (path.startsWith('/')) return path;
  throw new PreflightError(`the runtime endpoint ${endpoint} is no unix socket`, {
    hint: `write it as ${dockerEndpoint}`,
  });
}

function withEndpoint(type: RuntimeType, endpoint: string | undefined, because: string): RuntimeChoice {
  const fallback = type === 'docker' ? dockerEndpoint : type === 'cri' ? containerdEndpoint : undefined;
  return { type, endpoint: type === 'process' ? undefined : (given(endpoint) ?? fallback), because };
}

async function askEndpoint(host: Pick<HostNetwork, 'request'>, endpoint: string): Promise<RuntimeChoice> {
  const path = socketPathOf(endpoint);
  // The kubelet's endpoint for Docker until 1.23: dockershim itself answered there.
  if (path.endsWith('/dockershim.sock')) {
    return { type: 'docker', endpoint: dockerEndpoint, because: `${endpoint} was Docker's by way of the kubelet` };
  }
  if (await isDocker(host, endpoint)) return { type: 'docker', endpoint, because: `Docker answers at ${endpoint}` };
  const type = path.endsWith('/docker.sock') ? 'docker' : 'cri';
  return { type, endpoint, because: `${endpoint} is given, and nothing answers there as Docker does` };
}

async function isDocker(host: Pick<HostNetwork, 'request'>, endpoint: string): Promise<boolean> {
  const options = { socketPath: socketPathOf(endpoint), timeoutMs: pingTimeoutMs, maxBytes: 1024 };
  try {
    const { status, headers } = await host.request('http://docker/_ping', options);
    return status === 200 && headers['api-version'] !== undefined;
  } catch {
    // No socket, not ours to use, or something that speaks no HTTP: not Docker, whatever it is.
    return false;
  }
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
