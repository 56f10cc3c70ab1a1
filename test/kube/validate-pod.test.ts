import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorsOf, renderFinding } from '../../src/base/diagnostics.ts';
import { decodePod } from '../../src/kube/pod.ts';

type Members = Readonly<Record<string, unknown>>;

/** A pod with other members of its spec and of its one container. */
function pod(change: { readonly spec?: Members; readonly container?: Members; readonly metadata?: Members }): string {
  const container = { name: 'web', image: 'web:1', ...change.container };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', ...change.metadata },
    spec: { containers: [container], ...change.spec },
  });
}

type Change = Parameters<typeof pod>[0];

const refused: readonly (readonly [string, Change, string])[] = [
  ['a name that is no DNS name', { metadata: { name: 'Web_1' } }, 'metadata.name: invalid value: "Web_1"'],
  ['no name', { metadata: { name: '' } }, 'metadata.name: required value'],
  ['a namespace with a dot', { metadata: { namespace: 'a.b' } }, 'metadata.namespace: invalid value: "a.b"'],
  ['a label that is none', { metadata: { labels: { 'a b': 'x' } } }, 'metadata.labels[a b]: invalid value: "a b"'],
  ['a label value that is none', { metadata: { labels: { a: '-' } } }, 'metadata.labels.a: invalid value: "-"'],
  ['an annotation key that is none', { metadata: { annotations: { '/x': '' } } }, 'metadata.annotations[/x]: invalid'],
  [
    'annotations that are too long',
    { metadata: { annotations: { a: 'x'.repeat(262_145) } } },
    'metadata.annotations: too long: may not be more than 262144 bytes',
  ],
  [
    'an AppArmor annotation of no container',
    { metadata: { annotations: { 'container.apparmor.security.beta.kubernetes.io/other': 'unconfined' } } },
    'container not found',
  ],
  ['no containers', { spec: { containers: [] } }, 'spec.containers: required value'],
  ['no image', { container: { image: '' } }, 'spec.containers[0].image: required value'],
  ['an image with a space', { container: { image: ' web' } }, 'must not have leading or trailing whitespace'],
  ['a container name that is none', { container: { name: 'a.b' } }, 'spec.containers[0].name: invalid value: "a.b"'],
  [
    'two containers with one name',
    { spec: { initContainers: [{ name: 'web', image: 'x:1' }] } },
    'spec.initContainers[0].name: duplicate value: "web"',
  ],
  [
    'an unknown restart policy',
    { spec: { restartPolicy: 'always' } },
    'spec.restartPolicy: unsupported value: "always"',
  ],
  [
    'an unknown pull policy',
    { container: { imagePullPolicy: 'Maybe' } },
    'imagePullPolicy: unsupported value: "Maybe"',
  ],
  ['port 0', { container: { ports: [{ containerPort: 0 }] } }, 'ports[0].containerPort: required value'],
  ['port 70000', { container: { ports: [{ containerPort: 70_000 }] } }, 'must be between 1 and 65535, inclusive'],
  [
    'a port name without a letter',
    { container: { ports: [{ name: '80', containerPort: 80 }] } },
    'ports[0].name: invalid value: "80": must contain at least one letter',
  ],
  [
    'a host port twice',
    { container: { ports: [80, 81].map((containerPort) => ({ containerPort, hostPort: 8080 })) } },
    'ports[1].hostPort: duplicate value: "TCP//8080"',
  ],
  [
    'another host port on the host network',
    { spec: { hostNetwork: true }, container: { ports: [{ containerPort: 80, hostPort: 81 }] } },
    'must match `containerPort` when `hostNetwork` is true',
  ],
  ['a variable without a name', { container: { env: [{ value: 'x' }] } }, 'env[0].name: required value'],
  ['a variable named a=b', { container: { env: [{ name: 'a=b' }] } }, 'env[0].name: invalid value: "a=b"'],
  [
    'a variable from nowhere',
    { container: { env: [{ name: 'A', valueFrom: {} }] } },
    'env[0].valueFrom: invalid value: "": must specify one of',
  ],
  [
    'a variable from a field that there is not',
    { container: { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.x' } } }] } },
    'valueFrom.fieldRef.fieldPath: unsupported value: "status.x"',
  ],
  [
    'a divisor of CPU in bytes',
    {
      container: { env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1Mi' } } }] },
    },
    'divisor: unsupported value: "1Mi"',
  ],
  [
    'a mount of no volume',
    { spec: { volumes: [{ name: 'datas' }] }, container: { volumeMounts: [{ name: 'data', mountPath: '/d' }] } },
    'volumeMounts[0].name: not found: the pod has no volume "data" (did you mean datas?)',
  ],
  [
    'two mounts at one path',
    {
      spec: { volumes: [{ name: 'a' }, { name: 'b' }] },
      container: { volumeMounts: ['a', 'b'].map((name) => ({ name, mountPath: '/d' })) },
    },
    'volumeMounts[1].mountPath: invalid value: "/d": must be unique',
  ],
  [
    'a subPath that leaves the volume',
    {
      spec: { volumes: [{ name: 'a' }] },
      container: { volumeMounts: [{ name: 'a', mountPath: '/d', subPath: '../x' }] },
    },
    'subPath: invalid value: "../x": must not contain \'..\'',
  ],
  [
    'bidirectional propagation without privileges',
    {
      spec: { volumes: [{ name: 'a' }] },
      container: { volumeMounts: [{ name: 'a', mountPath: '/d', mountPropagation: 'Bidirectional' }] },
    },
    'mountPropagation: forbidden: Bidirectional mount propagation',
  ],
  [
    'two volumes with one name',
    { spec: { volumes: [{ name: 'a' }, { name: 'a' }] } },
    'volumes[1].name: duplicate value',
  ],
  [
    'a volume of two kinds',
    { spec: { volumes: [{ name: 'a', emptyDir: {}, hostPath: { path: '/x' } }] } },
    'volumes[0].hostPath: forbidden: may not specify more than 1 volume type',
  ],
  ['a hostPath without a path', { spec: { volumes: [{ name: 'a', hostPath: {} }] } }, 'hostPath.path: required value'],
  [
    'an unknown hostPath type',
    { spec: { volumes: [{ name: 'a', hostPath: { path: '/x', type: 'Dir' } }] } },
    'hostPath.type: unsupported value: "Dir"',
  ],
  [
    'two projected files at one path',
    {
      spec: {
        volumes: [
          {
            name: 'a',
            projected: {
              sources: [1, 2].map(() => ({
                downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'metadata.name' } }] },
              })),
            },
          },
        ],
      },
    },
    'conflicting duplicate paths',
  ],
  [
    'a probe that asks nothing',
    { container: { livenessProbe: {} } },
    'livenessProbe: required value: must specify a handler',
  ],
  [
    'a probe that asks two things',
    { container: { livenessProbe: { exec: { command: ['x'] }, tcpSocket: { port: 1 } } } },
    'livenessProbe.tcpSocket: forbidden: may not specify more than 1 handler type',
  ],
  [
    'a liveness probe that must succeed twice',
    { container: { livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } } },
    'livenessProbe.successThreshold: invalid value: 2: must be 1',
  ],
  [
    'a grace period of a readiness probe',
    { container: { readinessProbe: { tcpSocket: { port: 1 }, terminationGracePeriodSeconds: 1 } } },
    'must not be set for readinessProbes',
  ],
  [
    'a hook that sleeps longer than the grace period',
    { container: { lifecycle: { preStop: { sleep: { seconds: 31 } } } } },
    'lifecycle.preStop.sleep: invalid value: 31',
  ],
  [
    'probes of an init container',
    { spec: { initContainers: [{ name: 'i', image: 'x:1', livenessProbe: { tcpSocket: { port: 1 } } }] } },
    'initContainers[0].livenessProbe: forbidden',
  ],
  [
    'requests above limits',
    { container: { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } } },
    'requests.cpu: invalid value: "2": must be less than or equal to cpu limit of 1',
  ],
  [
    'a resource that there is not',
    { container: { resources: { limits: { disk: '1' } } } },
    'limits.disk: invalid value',
  ],
  [
    'huge pages without a limit',
    { container: { resources: { requests: { 'hugepages-2Mi': '2Mi', cpu: '1' } } } },
    'limits.hugepages-2Mi: required value',
  ],
  [
    'escalation denied to a privileged container',
    { container: { securityContext: { privileged: true, allowPrivilegeEscalation: false } } },
    'allowPrivilegeEscalation: invalid value: false',
  ],
  [
    'a seccomp profile without a file',
    { spec: { securityContext: { seccompProfile: { type: 'Localhost' } } } },
    'seccompProfile.localhostProfile: required value',
  ],
  [
    'a sysctl of the host network',
    { spec: { hostNetwork: true, securityContext: { sysctls: [{ name: 'net.ipv4.ip_forward', value: '1' }] } } },
    'may not be specified when `hostNetwork` is true',
  ],
  [
    'a negative user',
    { spec: { securityContext: { runAsUser: -1 } } },
    'runAsUser: invalid value: -1: must be between 0',
  ],
  [
    'a user namespace on the host network',
    { spec: { hostNetwork: true, hostUsers: false } },
    'when `hostUsers` is false',
  ],
  ['DNS policy None without servers', { spec: { dnsPolicy: 'None' } }, 'dnsConfig.nameservers: required value'],
  [
    'a host alias that is no address',
    { spec: { hostAliases: [{ ip: 'x' }] } },
    'hostAliases[0].ip: invalid value: "x"',
  ],
  [
    'a toleration of all keys by value',
    { spec: { tolerations: [{ operator: 'Equal' }] } },
    'tolerations[0].operator: invalid value: "Equal"',
  ],
  ['no seconds to be active', { spec: { activeDeadlineSeconds: 0 } }, 'spec.activeDeadlineSeconds: invalid value: 0'],
  [
    'ephemeral containers',
    { spec: { ephemeralContainers: [{ name: 'x', image: 'x' }] } },
    'spec.ephemeralContainers: forbidden: cannot be set on create',
  ],
];

const references: readonly (readonly [string, Change, string])[] = [
  ['a service account', { spec: { serviceAccountName: 'x' } }, 'serviceaccounts'],
  ['a pull secret', { spec: { imagePullSecrets: [{ name: 'x' }] } }, 'secrets'],
  [
    'a secret variable',
    { container: { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'x', key: 'k' } } }] } },
    'secrets',
  ],
  ['variables of a config map', { container: { envFrom: [{ configMapRef: { name: 'x' } }] } }, 'configmaps'],
  ['a config map volume', { spec: { volumes: [{ name: 'a', configMap: { name: 'x' } }] } }, 'configmaps'],
  ['a secret volume', { spec: { volumes: [{ name: 'a', secret: { secretName: 'x' } }] } }, 'secrets'],
  [
    'a claim',
    { spec: { volumes: [{ name: 'a', persistentVolumeClaim: { claimName: 'x' } }] } },
    'persistentvolumeclaims',
  ],
  ['a CSI volume', { spec: { volumes: [{ name: 'a', csi: { driver: 'x' } }] } }, 'csidrivers'],
  [
    'a projected token',
    { spec: { volumes: [{ name: 'a', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] } },
    'serviceaccounts',
  ],
  ['a resource claim', { spec: { resourceClaims: [{ name: 'a', resourceClaimName: 'x' }] } }, 'resourceclaims'],
  [
    'the secret of a volume driver',
    { spec: { volumes: [{ name: 'a', flexVolume: { driver: 'x/y', secretRef: { name: 's' } } }] } },
    'secrets',
  ],
];

const accepted: readonly (readonly [string, Change])[] = [
  [
    'a sidecar with probes',
    {
      spec: {
        initContainers: [
          {
            name: 'i',
            image: 'x:1',
            restartPolicy: 'Always',
            readinessProbe: { httpGet: { port: 8080, path: '/ok' } },
          },
        ],
      },
    },
  ],
  ['a privileged container', { container: { securityContext: { privileged: true } } }],
  ['volumes of other drivers', { spec: { volumes: [{ name: 'a', nfs: { server: 'x', path: '/y' } }] } }],
  [
    'a label by key',
    { container: { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a/b']" } } }] } },
  ],
  ['an unusual variable name', { container: { env: [{ name: 'a-b.c:d' }] } }],
  ['the toleration that the kubelet adds', { spec: { tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] } }],
];

describe('validating a pod', () => {
  for (const [what, change, expected] of refused) {
    test(`refuses ${what}`, () => {
      const text = errorsOf(decodePod(pod(change), 'pod.json').findings)
        .map(renderFinding)
        .join('\n');
      assert.ok(text.includes(expected), text || 'nothing found');
    });
  }

  for (const [what, change, objects] of references) {
    test(`refuses ${what}, which needs the API server`, () => {
      const text = errorsOf(decodePod(pod(change), 'pod.json').findings)
        .map(renderFinding)
        .join('\n');
      assert.ok(text.includes(`static pods may not reference ${objects}`), text || 'nothing found');
    });
  }

  for (const [what, change] of accepted) {
    test(`accepts ${what}`, () => {
      assert.deepEqual(decodePod(pod(change), 'pod.json').findings.map(renderFinding), []);
    });
  }

  test('warns of a probe at a port that the container does not name', () => {
    const { pod: read, findings } = decodePod(
      pod({ container: { livenessProbe: { tcpSocket: { port: 'web' } } } }),
      'p',
    );
    assert.ok(read);
    assert.deepEqual(
      findings.map(({ severity, message }) => [severity, message]),
      [['warning', 'the container has no port named "web"']],
    );
  });

  test('says everything at once', () => {
    const text = pod({
      metadata: { name: 'A' },
      container: { image: '', ports: [{ containerPort: 0 }] },
      spec: { restartPolicy: 'x' },
    });
    assert.deepEqual(
      errorsOf(decodePod(text, 'pod.json').findings).map(({ path }) => path),
      ['metadata.name', 'spec.containers[0].image', 'spec.containers[0].ports[0].containerPort', 'spec.restartPolicy'],
    );
  });
});
