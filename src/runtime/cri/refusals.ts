import type { ContainerConfig } from '../runtime.ts';
import type { CriFacts } from './facts.ts';

type Able = Pick<CriFacts, 'appArmor' | 'recursiveReadOnly'>;
type Heeds = Pick<CriFacts, 'appArmor' | 'heedsStopSignal'>;

/** Why this runtime cannot run such containers; empty when it can. */
export function planRefusals(containers: readonly ContainerConfig[], facts: Able): readonly string[] {
  return containers.flatMap((container) =>
    containerRefusals(container, facts).map((reason) => `container ${container.name}: ${reason}`),
  );
}

function containerRefusals({ security, mounts }: ContainerConfig, facts: Able): readonly string[] {
  const { appArmor } = security;
  const images = mounts.filter(({ image }) => image !== undefined).map(({ containerPath }) => containerPath);
  return [
    ...(isLocalProfile(appArmor) && !facts.appArmor
      ? [`cannot enforce AppArmor profile ${appArmor}: AppArmor is not enabled on the host`]
      : []),
    ...(mounts.some(({ recursiveReadOnly }) => recursiveReadOnly === 'Enabled') && !facts.recursiveReadOnly
      ? ['recursiveReadOnly: Enabled: the container runtime does not say that it can']
      : []),
    ...(images.length > 0
      ? [`image volumes (${images.join(', ')}) are not mounted through CRI; use --runtime docker`]
      : []),
  ];
}

function isLocalProfile(name: string | undefined): boolean {
  return name !== undefined && name !== 'runtime/default' && name !== 'unconfined';
}

/** What is accepted and not enforced here, to be said once. */
export function planNotes({ security, stopSignal }: ContainerConfig, facts: Heeds): readonly string[] {
  const notes: readonly (readonly [boolean, string])[] = [
    [
      security.appArmor === 'runtime/default' && !facts.appArmor,
      'AppArmor is not enabled on this host: RuntimeDefault profiles of containers are accepted and not enforced',
    ],
    [
      stopSignal !== undefined && !facts.heedsStopSignal,
      'the container runtime is too old to heed stopSignal (containerd 2 does): containers get the signal of their image',
    ],
  ];
  return notes.flatMap(([applies, note]) => (applies ? [note] : []));
}
