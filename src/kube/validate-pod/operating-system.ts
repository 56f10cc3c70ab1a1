import type { FieldErrors, FieldPath } from '../field-errors.ts';
import type { Container, PodSpec } from '../types.ts';
import { checks } from './checks.ts';
import { validateWindowsOptions, type WindowsOptions } from './windows-options.ts';

type Context = Readonly<Record<string, unknown>> & { readonly windowsOptions?: WindowsOptions };

/** What a Windows pod may not set (validateWindows). */
const forWindows = {
  spec: ['hostUsers', 'hostPID', 'hostIPC', 'shareProcessNamespace', 'resources'],
  pod: [
    ...[
      'appArmorProfile',
      'seLinuxOptions',
      'seccompProfile',
      'fsGroup',
      'fsGroupChangePolicy',
      'sysctls',
      'runAsUser',
    ],
    ...['runAsGroup', 'supplementalGroups', 'supplementalGroupsPolicy', 'seLinuxChangePolicy'],
  ],
  container: [
    ...['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities', 'readOnlyRootFilesystem', 'privileged'],
    ...['allowPrivilegeEscalation', 'procMount', 'runAsUser', 'runAsGroup'],
  ],
};

/** spec.os and what it forbids, options for Windows (validateOS, validateLinux, validateWindows, hostProcess). */
export function validateOperatingSystem(spec: PodSpec, errors: FieldErrors): void {
  const os: string | undefined = spec.os?.name;
  if (spec.os !== undefined) checks(errors).oneOf(['spec', 'os', 'name'], os, ['linux', 'windows']);
  const contexts = contextsOf(spec);
  for (const { context, path } of contexts) {
    const { windowsOptions } = context;
    if (windowsOptions === undefined) continue;
    const at = [...path, 'windowsOptions'];
    validateWindowsOptions(windowsOptions, at, errors);
    if (os === 'linux') errors.forbidden(at, 'windows options cannot be set for a linux pod');
  }
  if (os === 'windows') refuseForWindows(spec, errors);
  validateHostProcess(spec, errors);
}

type Placed = { readonly context: Context; readonly path: FieldPath };

function contextsOf(spec: PodSpec): readonly Placed[] {
  const containers = (['containers', 'initContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index) => ({
      context: contextOf(container),
      path: ['spec', list, index, 'securityContext'] as FieldPath,
    })),
  );
  return [{ context: spec.securityContext as Context, path: ['spec', 'securityContext'] }, ...containers];
}

function contextOf({ securityContext = {} }: Container): Context {
  return securityContext as Context;
}

function refuseForWindows(spec: PodSpec, errors: FieldErrors): void {
  const refuse = (object: Readonly<Record<string, unknown>>, path: FieldPath, names: readonly string[]) => {
    for (const name of names) {
      const value = object[name];
      const set = Array.isArray(value) ? value.length > 0 || name === 'supplementalGroups' : value !== undefined;
      if (set && !(value === false && /^host(PID|IPC)$/.test(name)))
        errors.forbidden([...path, name], 'cannot be set for a windows pod');
    }
  };
  refuse(spec as unknown as Context, ['spec'], forWindows.spec);
  const [pod, ...containers] = contextsOf(spec);
  if (pod !== undefined) refuse(pod.context, pod.path, forWindows.pod);
  for (const { context, path } of containers) refuse(context, path, forWindows.container);
}

/** Containers that are processes of a Windows host: all of a pod or none, and on the host network. */
function validateHostProcess(spec: PodSpec, errors: FieldErrors): void {
  const [pod, ...containers] = contextsOf(spec);
  const ofPod = pod?.context.windowsOptions?.hostProcess;
  for (const { context, path } of containers) {
    const own = context.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && own !== ofPod)
      errors.invalid([...path, 'windowsOptions', 'hostProcess'], own, `must be that of the pod, ${ofPod}`);
  }
  const count = containers.filter(({ context }) => context.windowsOptions?.hostProcess ?? ofPod ?? false).length;
  if (count === 0) return;
  if (count < containers.length) errors.invalid(['spec'], '', 'all containers must be hostProcess, or none');
  if (spec.hostNetwork !== true)
    errors.invalid(['spec', 'hostNetwork'], false, 'must be true if the pod has hostProcess containers');
}
