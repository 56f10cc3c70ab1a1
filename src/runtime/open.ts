import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { PreflightError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Host, HostMachine, HostNetwork } from '../host/host.ts';
import { answersAsDocker, askCri } from './ask-socket.ts';
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
/** Where `auto` looks, as kubeadm does (cmd/kubeadm/app/constants DefaultCRISockets). */
const criEndpoints = [containerdEndpoint, 'unix:///var/run/crio/crio.sock'];

type AskHost = Pick<HostNetwork, 'request' | 'grpcCall'>;

/**
 * Which runtime is meant, first of: `runtime` (`--runtime`, `--runtime-endpoint`, then BootstrapConfiguration.runtime),
 * `criSocket` (`--cri-socket`, then nodeRegistration.criSocket), what the plane was made with, what answers here. A
 * socket that Docker answers on is docker. Throws PreflightError when no Docker and several CRI runtimes answer.
 */
export async function chooseRuntime(input: {
  readonly host: AskHost;
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
  return findRuntime(host);
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
  const { createCriRuntime } = await import('./cri/cri-runtime.ts');
  return createCriRuntime({ ...common, socketPath: socketPathOf(endpoint ?? containerdEndpoint) });
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

/** `auto`: what answers on the sockets where runtimes usually are. */
async function findRuntime(host: AskHost): Promise<RuntimeChoice> {
  const socketPath = socketPathOf(dockerEndpoint);
  if (await answersAsDocker(host, socketPath)) {
    return { type: 'docker', endpoint: dockerEndpoint, because: `Docker answers at ${dockerEndpoint}` };
  }
  const asked = await Promise.all(
    criEndpoints.map(async (endpoint) => ({ endpoint, answer: await askCri(host, socketPathOf(endpoint)) })),
  );
  const [found, ...others] = asked.filter(({ answer }) => answer.speaks);
  if (others.length > 0) throw severalRuntimes(asked.flatMap((one) => (one.answer.speaks ? [one.endpoint] : [])));
  if (found !== undefined) {
    const { endpoint, answer } = found;
    return { type: 'cri', endpoint, because: `${answer.text} answers at ${endpoint}, and no Docker` };
  }
  const silent = asked.flatMap(({ endpoint, answer }) => (answer.text === '' ? [] : [`${endpoint} ${answer.text}`]));
  const because = [`no Docker answers at ${dockerEndpoint}, and no CRI runtime either`, ...silent].join('; ');
  return { type: 'process', endpoint: undefined, because };
}

function severalRuntimes(endpoints: readonly string[]): PreflightError {
  return new PreflightError(`several container runtimes answer here: ${endpoints.join(', ')}`, {
    hint: `say which one with --runtime-endpoint (init) or --container-runtime-endpoint (agent), or choose --runtime process`,
  });
}

async function askEndpoint(host: AskHost, endpoint: string): Promise<RuntimeChoice> {
  const path = socketPathOf(endpoint);
  // The kubelet's endpoint for Docker until 1.23: dockershim itself answered there.
  if (path.endsWith('/dockershim.sock')) {
    return { type: 'docker', endpoint: dockerEndpoint, because: `${endpoint} was Docker's by way of the kubelet` };
  }
  if (await answersAsDocker(host, path)) {
    return { type: 'docker', endpoint, because: `Docker answers at ${endpoint}` };
  }
  const { speaks, text } = await askCri(host, path);
  if (speaks) return { type: 'cri', endpoint, because: `${text} answers at ${endpoint}` };
  const type = path.endsWith('/docker.sock') ? 'docker' : 'cri';
  return { type, endpoint, because: `${endpoint} is given, and nothing answers there as Docker does` };
}

function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
