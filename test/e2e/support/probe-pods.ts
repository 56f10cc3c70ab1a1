import { agnhost, type ContainerSpec, everySecond, exec } from './probe-cases.ts';

export type Variety = 'containers' | 'sidecars';

/** A pod of these as main containers, or as sidecars of one that waits. */
export function manifest(
  name: string,
  variety: Variety,
  containers: readonly ContainerSpec[],
  more: object = {},
): string {
  const sidecars = containers.map((container) => ({ ...container, restartPolicy: 'Always' }));
  const main = { name: 'main', image: agnhost, args: ['pause'] };
  const spec = variety === 'containers' ? { containers } : { initContainers: sidecars, containers: [main] };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: { ...spec, ...more } });
}

/** What a pod does between SIGTERM and its end: it is not ready, and takes its time. */
function ending(name: string, files: readonly string[], probes: object): ContainerSpec {
  const touched = files.map((file) => `touch /tmp/${file}`).join('; ');
  const removed = files.map((file) => `rm /tmp/${file}`).join('; ');
  const script = `term() { ${removed}; sleep 5; echo done >/out/${name}; exit 0; }; trap term TERM; ${touched}; while :; do sleep 0.2; done`;
  const volumeMounts = [{ name: 'out', mountPath: '/out' }];
  return { name, image: agnhost, command: ['/bin/sh', '-c', script], volumeMounts, ...probes };
}

const catReady = { readinessProbe: { ...exec('cat', '/tmp/ready'), initialDelaySeconds: 1, ...everySecond } };
const catLive = { livenessProbe: { ...exec('cat', '/tmp/live'), initialDelaySeconds: 1, ...everySecond } };
export const endings = [
  ending('readiness', ['ready'], catReady),
  ending('both', ['ready', 'live'], { ...catReady, ...catLive }),
];
