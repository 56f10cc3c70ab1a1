import type { Labels } from '../../kube/types.ts';

/** What this runtime alone must know again of a sandbox or container. */
export const ownAnnotations = {
  /** The reference that the image was asked for by; containers are created by the image's content. */
  image: 'kube-bootstrap/image',
  /** The control group of a sandbox, which is removed after it. */
  cgroupParent: 'kube-bootstrap/cgroup-parent',
} as const;

/** Annotations as they were given, without those. */
export function readAnnotations(all: Labels): Labels {
  const own: readonly string[] = Object.values(ownAnnotations);
  return Object.fromEntries(Object.entries(all).filter(([key]) => !own.includes(key)));
}
