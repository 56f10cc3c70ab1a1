import { containerHash } from '../../src/agent/containers/container-hash.ts';
import type { DesiredPod } from '../../src/agent/desired.ts';
import { agentAnnotations } from '../../src/agent/labels.ts';
import type { PodFacts } from '../../src/agent/plan/facts.ts';
import type { Container, Pod, PodSpec, Probe } from '../../src/kube/types.ts';
import { annotations } from '../../src/runtime/labels.ts';
import type { ObservedContainer, ObservedPod, ObservedSandbox } from '../../src/runtime/runtime.ts';

export const startMs = Date.UTC(2026, 0, 1);

/** Container `app` as the API would default it. */
export function aContainer(change: Partial<Container> = {}): Container {
  return {
    name: 'app',
    image: 'example/app:1',
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    ...change,
  };
}

/** Pod default/web-node1 on the host network with one container. */
export function aPod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-node1', namespace: 'default', uid: 'uid1', ...metadata },
    spec: {
      containers: [aContainer()],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      enableServiceLinks: true,
      schedulerName: 'default-scheduler',
      hostNetwork: true,
      nodeName: 'node1',
      ...spec,
    },
  };
}

export function aDesired(spec: Partial<PodSpec> = {}, change: Partial<DesiredPod> = {}): DesiredPod {
  return { pod: aPod(spec), uid: 'uid1', hash: 'hash1', file: '/manifests/web.yaml', ...change };
}

export function aProbe(change: Partial<Probe> = {}): Probe {
  return {
    httpGet: { path: '/livez', port: 8080, scheme: 'HTTP' },
    initialDelaySeconds: 0,
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
    ...change,
  };
}

/** A sandbox of pod web-node1 that stands. */
export function aSandbox(change: Partial<ObservedSandbox> = {}): ObservedSandbox {
  return {
    id: 'sandbox1',
    pod: { name: 'web-node1', namespace: 'default', uid: 'uid1' },
    attempt: 0,
    ready: true,
    createdAtMs: startMs,
    ips: [],
    hostNetwork: true,
    labels: {},
    annotations: { [annotations.configHash]: 'hash1' },
    ...change,
  };
}

/** Its container `app`, running since the start. */
export function anObserved(change: Partial<ObservedContainer> = {}): ObservedContainer {
  const name = change.name ?? 'app';
  return {
    id: `${name}-${change.attempt ?? 0}`,
    name,
    sandboxId: 'sandbox1',
    pod: { name: 'web-node1', namespace: 'default', uid: 'uid1' },
    attempt: 0,
    state: 'running',
    createdAtMs: startMs,
    startedAtMs: startMs,
    image: 'example/app:1',
    imageId: 'sha256:1',
    labels: {},
    logPath: `/var/log/pods/default_web-node1_uid1/${name}/${change.attempt ?? 0}.log`,
    ...change,
    annotations: {
      [annotations.containerHash]: containerHash(aContainer({ name })),
      [annotations.configHash]: 'hash1',
      [annotations.podTerminationGracePeriod]: '30',
      [agentAnnotations.crashes]: '0',
      ...change.annotations,
    },
  };
}

/** The same, ended with code 1 a second after its start. */
export function aDeadContainer(change: Partial<ObservedContainer> = {}): ObservedContainer {
  const end = { state: 'exited', exitCode: 1, reason: 'Error', finishedAtMs: startMs + 1000 } as const;
  return anObserved({ ...end, ...change });
}

export function anObservedPod(change: Partial<ObservedPod> = {}): ObservedPod {
  return {
    pod: { name: 'web-node1', namespace: 'default', uid: 'uid1' },
    sandboxes: [aSandbox()],
    containers: [anObserved()],
    ...change,
  };
}

/** Images are there, nothing is probed, nothing holds back. */
export function someFacts(change: Partial<PodFacts> = {}): PodFacts {
  return {
    nowMs: startMs + 60_000,
    probes: () => undefined,
    image: () => ({ state: 'present' }),
    loggedAttempt: () => undefined,
    refusals: [],
    maxRestartPeriodMs: 300_000,
    ...change,
  };
}
