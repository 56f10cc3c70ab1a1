import type { ContainerConfig, SandboxConfig } from '../runtime.ts';
import type { EngineFacts } from './engine-facts.ts';

/** API 1.44 (Docker 25) can make what is mounted below read-only too, 1.48 (Docker 28) mounts images. */
const readOnlyMinor = 44;
const imageMinor = 48;

/** Why this engine cannot run such a pod; empty when it can. */
export function planRefusals(
  sandbox: SandboxConfig,
  containers: readonly ContainerConfig[],
  facts: EngineFacts,
): readonly string[] {
  return [
    ...(sandbox.hostNetwork || facts.bridge ? [] : [noBridge]),
    ...containers.flatMap((container) =>
      containerRefusals(container, facts).map((reason) => `container ${container.name}: ${reason}`),
    ),
  ];
}

const noBridge =
  'hostNetwork is false, and this Docker Engine was started without its default bridge (--bridge none): ' +
  'set hostNetwork: true, or start dockerd with a bridge';

function containerRefusals({ security, mounts }: ContainerConfig, facts: EngineFacts): readonly string[] {
  const { runAsUser, runAsGroup, appArmor } = security;
  const deep = mounts.some(({ recursiveReadOnly }) => recursiveReadOnly === 'Enabled');
  const images = mounts.some(({ image }) => image !== undefined);
  const needs = (what: string, minor: number) => `${what} Docker API 1.${minor} or newer; this is 1.${facts.apiMinor}`;
  return [
    ...(runAsGroup !== undefined && runAsUser === undefined
      ? ['runAsGroup without runAsUser cannot be given to Docker']
      : []),
    ...(isLocalProfile(appArmor) && !facts.appArmor
      ? [`cannot enforce AppArmor profile ${appArmor}: AppArmor is not enabled on the host`]
      : []),
    ...(deep && facts.apiMinor < readOnlyMinor ? [needs('recursiveReadOnly: Enabled needs', readOnlyMinor)] : []),
    ...(images && facts.apiMinor < imageMinor ? [needs('image volumes need', imageMinor)] : []),
  ];
}

function isLocalProfile(name: string | undefined): boolean {
  return name !== undefined && name !== 'runtime/default' && name !== 'unconfined';
}

/** What is accepted and not enforced here, to be said once. */
export function planNotes({ security }: ContainerConfig, facts: EngineFacts): readonly string[] {
  if (security.appArmor !== 'runtime/default' || facts.appArmor) return [];
  return ['AppArmor is not enabled on this host: RuntimeDefault profiles of containers are accepted and not enforced'];
}
