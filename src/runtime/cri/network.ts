import type { NetworkState } from '../runtime.ts';
import type { Calls } from './calls.ts';

type Status = Calls['Status']['response'];
type Places = Omit<NetworkState, 'problem'>;

/**
 * What a runtime says of its network: the condition NetworkReady in the kubelet's words (pkg/kubelet/container
 * RuntimeCondition), and from a verbose answer where it looks (containerd pkg/cri/server/status.go: `info.config` is its
 * configuration as JSON; since containerd 2.1 `binDirs` is a list). CRI-O tells no places. No such condition = no problem.
 */
export function networkState({ status, info }: Status): NetworkState {
  const condition = status?.conditions.find(({ type }) => type === 'NetworkReady');
  const places = placesOf(info.config);
  if (condition === undefined || condition.status) return places;
  const { reason, message } = condition;
  return { ...places, problem: `NetworkReady=false reason:${reason} message:${message}` };
}

function placesOf(text: string | undefined): Places {
  const cni = memberOf(parsed(text), 'cni');
  const directory = (name: string) => textOf(memberOf(cni, name));
  const plugins = directory('binDir') ?? textOf(memberOf(memberOf(cni, 'binDirs'), '0'));
  const configurations = directory('confDir');
  return {
    ...(configurations === undefined ? {} : { configDirectory: configurations }),
    ...(plugins === undefined ? {} : { pluginDirectory: plugins }),
  };
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function memberOf(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' ? Reflect.get(value, name) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
