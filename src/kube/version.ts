/** The Kubernetes version that this release is made for. */
export const releaseVersion = 'v1.37.2';

/** The control plane minors that this release deploys: its own and the one before, as kubeadm. */
export const supportedMinors: readonly number[] = [36, 37];

export const pauseImageTag = '3.10.2';
/** kubeadm 1.37.2, constants.go CoreDNSVersion. */
export const corednsImageTag = 'v1.14.6';

/** etcd by Kubernetes minor (kubeadm 1.37.2, constants.go SupportedEtcdVersion and DefaultEtcdVersion). */
const etcdImageTags: Readonly<Record<number, string>> = { 36: '3.7.0-0', 37: '3.7.0-0' };

export type Version = {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly preRelease: string;
  readonly build: string;
};

/** `v1.37.2-rc.1+build` in parts, with or without the `v`; undefined when it is no semantic version. */
export function parseVersion(text: string): Version | undefined {
  const match = /^v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/.exec(text);
  if (match === null) return undefined;
  const [, major, minor, patch, preRelease = '', build = ''] = match;
  return { major: Number(major), minor: Number(minor), patch: Number(patch), preRelease, build };
}

/** Negative when `a` is older, 0 when they are the same but for the build (semver.org 2.0.0, 11). */
export function compareVersions(a: Version, b: Version): number {
  const numbers = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (numbers !== 0 || a.preRelease === b.preRelease) return numbers;
  if (a.preRelease === '' || b.preRelease === '') return a.preRelease === '' ? 1 : -1;
  return comparePreRelease(a.preRelease.split('.'), b.preRelease.split('.'));
}

/** Whether the text is a label that stands for a version, such as `stable-1` or `latest` (kubeadm util/version.go). */
export function isVersionLabel(text: string): boolean {
  return /^(?:release\/)?(?:latest|stable)(?:-[1-9](?:\.[1-9]\d?)?)?$/.test(text);
}

/** The tag of the etcd image for a Kubernetes version; the nearest known minor's when it is in no table. */
export function etcdImageTag(kubernetesVersion: string): string {
  const minors = Object.keys(etcdImageTags).map(Number);
  const wanted = parseVersion(kubernetesVersion)?.minor ?? Math.max(...minors);
  const minor = Math.min(Math.max(wanted, Math.min(...minors)), Math.max(...minors));
  return etcdImageTags[minor] ?? '';
}

/** A version as an image tag, which may not hold a `+`. */
export function versionImageTag(kubernetesVersion: string): string {
  return kubernetesVersion.replace(/[^-\w.]/g, '_');
}

function comparePreRelease(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const [left = '', right = ''] = [a[index], b[index]];
    if (left === right) continue;
    const [leftNumber, rightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
    if (leftNumber && rightNumber) return Number(left) - Number(right);
    if (leftNumber !== rightNumber) return leftNumber ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}
