import { shortHash } from '../../base/hash.ts';
import type { Container } from '../../kube/types.ts';

/**
 * What has to change for a container of a living pod to be replaced: name and image, as with the kubelet
 * (kubecontainer.HashContainer). Everything else in a manifest makes another pod anyway.
 */
export function containerHash({ name, image }: Container): string {
  return shortHash({ name, image }).slice(0, 8);
}
