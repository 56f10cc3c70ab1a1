import type { NodeStatus } from '../../kube/node-types.ts';
import type { ImageInfo } from '../../runtime/runtime.ts';

// nodeStatusMaxImages and MaxNamesPerImageInNodeStatus (pkg/kubelet/nodestatus/setters.go).
const mostImages = 50;
const mostNames = 5;

/** The images that the Node tells the scheduler of: the largest first, each by its digests, then its tags. */
export function nodeImages(images: readonly ImageInfo[]): NonNullable<NodeStatus['images']> {
  return images
    .map(({ digests, tags, sizeBytes }) => ({ names: [...digests, ...tags].slice(0, mostNames), sizeBytes }))
    .filter(({ names }) => names.length > 0)
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, mostImages);
}
