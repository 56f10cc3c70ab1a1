import type { ObservedPod } from '../../runtime/runtime.ts';

/** What the runtime says is running, as the kubelet's `/runningpods/` shows it: a list of Pods with hardly anything in them. */
export function runningPods(observed: readonly ObservedPod[]) {
  const items = observed.flatMap(({ pod, containers }) => {
    const running = containers.filter(({ state }) => state === 'running');
    if (running.length === 0) return [];
    const { name, namespace, uid } = pod;
    return [
      {
        metadata: { name, namespace, uid },
        spec: {
          containers: running.map((container) => ({ name: container.name, image: container.image, resources: {} })),
        },
        status: {},
      },
    ];
  });
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items };
}
