import type { Pod } from '../../kube/types.ts';
import { commandOf, flagValue } from '../../manifests/command-line.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { differingKeys } from './differences.ts';
import { facetsOf } from './facets.ts';

/** How the API server changes over. `because` says why it is not better. */
export type ChangeOver = {
  readonly way: 'overlap' | 'share' | 'recreate';
  readonly because?: string;
};

const texts: Readonly<Record<Exclude<ComponentName, 'kube-apiserver'>, string>> = {
  etcd: 'the API is not ready for up to 2 s while etcd restarts',
  'kube-controller-manager': 'none; a new leader acts within 3 s',
  'kube-scheduler': 'none; a new leader acts within 3 s',
};

const apiServerTexts: Readonly<Record<ChangeOver['way'], string>> = {
  overlap: 'none; the new one is ready before the old one stops',
  share: 'no connection is refused; for 1 or 2 s some requests get 403 or 500',
  recreate: 'the API does not answer for the 3 to 6 s of a stop and a start',
};
const looseOverlap = 'no connection is refused; a request or two on busy connections may get 503';

/** What clients of the API notice while this component restarts (contract 7, gapless change over as measured). */
export function expectedApiGap(component: ComponentName, changeOver: ChangeOver): string {
  if (component !== 'kube-apiserver') return texts[component];
  const { way, because } = changeOver;
  if (because === undefined) return apiServerTexts[way];
  return `${way === 'overlap' ? looseOverlap : apiServerTexts[way]} (${because})`;
}

/**
 * How the API server can change over, given what is wanted and possible here. Both must have been told to share the port.
 */
export function changeOverOf(input: {
  readonly wanted: 'overlap' | 'recreate';
  /** What this machine allows; undefined = all. */
  readonly possible?: ChangeOver | undefined;
  readonly running: Pod | undefined;
  readonly rendered: Pod;
}): ChangeOver {
  const { wanted, possible, running, rendered } = input;
  if (wanted === 'recreate') return { way: 'recreate', because: 'rollout.apiServer is recreate' };
  if (running === undefined || !sharesPort(running)) {
    const because = running === undefined ? 'none runs' : 'the running one has no --permit-port-sharing=true';
    return { way: 'recreate', because };
  }
  if (!sharesPort(rendered)) return { way: 'recreate', because: 'the new one has no --permit-port-sharing=true' };
  const because = otherPlace(running, rendered) ?? samePod(running, rendered);
  if (because !== undefined) return { way: 'recreate', because };
  if (possible !== undefined && possible.way !== 'overlap') return possible;
  if (flagValue(commandOf(running), '--advertise-address') !== '::1') return possible ?? { way: 'overlap' };
  return { way: 'share', because: 'clients reach it at ::1, where a starting one asks itself' };
}

/** The flags that say where it listens: sockets of two places share nothing. */
const placeFlags = ['--secure-port', '--bind-address'];

function otherPlace(running: Pod, rendered: Pod): string | undefined {
  const [from, to] = [commandOf(running), commandOf(rendered)];
  const moved = placeFlags.find((name) => flagValue(from, name) !== flagValue(to, name));
  return moved && `${moved} changes, so that clients have to follow anyway`;
}

/** Only files that it mounts have changed: for the agent that is the same pod, which it can only start anew. */
function samePod(running: Pod, rendered: Pod): string | undefined {
  const same = differingKeys(facetsOf(running), facetsOf(rendered)).length === 0;
  return same ? 'its manifest stays as it is, and one pod does not run twice' : undefined;
}

/** The port that an API server listens on. */
export function securePort(apiServer: Pod): number {
  return Number(flagValue(commandOf(apiServer), '--secure-port') ?? 6443);
}

function sharesPort(pod: Pod): boolean {
  return flagValue(commandOf(pod), '--permit-port-sharing') === 'true';
}
