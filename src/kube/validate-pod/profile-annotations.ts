import type { FieldErrors, FieldPath } from '../field-errors.ts';
import type { Pod } from '../types.ts';

type Profile = { readonly type: string; readonly localhostProfile?: string };

/** The forms that the annotations had before there were fields: what each type is called in them. */
const inAnnotations = {
  appArmorProfile: { Unconfined: ['unconfined'], RuntimeDefault: ['runtime/default'] },
  seccompProfile: { Unconfined: ['unconfined'], RuntimeDefault: ['runtime/default', 'docker/default'] },
} as const;

const keys = {
  appArmorProfile: 'container.apparmor.security.beta.kubernetes.io/',
  seccompProfile: 'container.seccomp.security.alpha.kubernetes.io/',
} as const;
const seccompOfPod = 'seccomp.security.alpha.kubernetes.io/pod';

type Field = keyof typeof keys;

/** Where profiles are said twice, by annotation and by field, both must say the same (ValidatePodCreate). */
export function validateProfileAnnotations({ metadata, spec }: Pod, errors: FieldErrors): void {
  const annotations = metadata.annotations ?? {};
  const os: string | undefined = spec.os?.name;
  const ofPod = spec.securityContext;
  const compare = (field: Field, profile: Profile | undefined, at: { annotation: string; path: FieldPath }) => {
    const written = annotations[at.annotation];
    if (profile === undefined || written === undefined || agrees(field, profile, written)) return;
    errors.forbidden([...at.path, field, 'type'], `must match the annotation ${at.annotation}`);
  };
  compare('seccompProfile', ofPod.seccompProfile, { annotation: seccompOfPod, path: ['spec', 'securityContext'] });
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [index, { name, securityContext = {} }] of (spec[list] ?? []).entries()) {
      const path = ['spec', list, index, 'securityContext'];
      compare('seccompProfile', securityContext.seccompProfile, { annotation: keys.seccompProfile + name, path });
      const annotation = keys.appArmorProfile + name;
      // The API server makes the container's field from the annotation before it looks at the pod's, unless it is empty.
      const inherited = annotations[annotation] === '' ? ofPod.appArmorProfile : undefined;
      const appArmor = securityContext.appArmorProfile ?? inherited;
      if (os !== 'windows') compare('appArmorProfile', appArmor, { annotation, path });
    }
  }
}

function agrees(field: Field, { type, localhostProfile }: Profile, written: string): boolean {
  if (type === 'Localhost') return written === `localhost/${localhostProfile ?? ''}`;
  const names: readonly string[] | undefined =
    type === 'Unconfined' || type === 'RuntimeDefault' ? inAnnotations[field][type] : undefined;
  return names?.includes(written) ?? true;
}
