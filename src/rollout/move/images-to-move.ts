import { imagesOf } from '../../config/images.ts';
import type { RolloutContext } from '../apply/context.ts';
import type { RuntimeMove } from '../types.ts';
import { otherPods } from './plan-move.ts';

/** What the new runtime must have beside the components' images before anything stops: those of sandboxes and other pods. */
export async function imagesToMove(
  { agent, config, paths }: Pick<RolloutContext, 'agent' | 'config' | 'paths'>,
  { to }: RuntimeMove,
): Promise<readonly string[]> {
  const status = await agent.status();
  const files = new Set(otherPods(status, paths).map(({ file }) => file));
  const pods = (status?.pods ?? []).filter(({ file }) => files.has(file ?? ''));
  const containers = pods.flatMap(({ pod }) => [...(pod.spec.initContainers ?? []), ...pod.spec.containers]);
  // A child process needs no sandbox.
  const sandbox = to.type === 'process' ? [] : [imagesOf(config).pause];
  return [...sandbox, ...containers.map(({ image }) => image)];
}
