import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorsOf, renderFinding } from '../../src/base/diagnostics.ts';
import { decodePod } from '../../src/kube/pod.ts';
import type { Pod } from '../../src/kube/types.ts';
import { toYaml } from '../../src/kube/yaml.ts';

const minimal = `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: registry.example.com/web:1
`;

function decoded(text: string): Pod {
  const { pod, findings } = decodePod(text, 'pod.yaml');
  assert.ok(pod, findings.map(renderFinding).join('\n'));
  return pod;
}

function refusal(text: string): string {
  const { pod, findings } = decodePod(text, 'pod.yaml');
  assert.equal(pod, undefined);
  return errorsOf(findings).map(renderFinding).join('\n');
}

describe('decoding a static pod', () => {
  test('reads YAML and JSON alike', () => {
    const { apiVersion, kind, metadata, spec } = decoded(minimal);
    assert.deepEqual(decoded(JSON.stringify({ apiVersion, kind, metadata, spec })), decoded(minimal));
  });

  test('fills in what the API server fills in, and nothing else', () => {
    assert.deepEqual(decoded(minimal), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        containers: [
          {
            name: 'web',
            image: 'registry.example.com/web:1',
            resources: {},
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            imagePullPolicy: 'IfNotPresent',
          },
        ],
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        securityContext: {},
        enableServiceLinks: true,
        schedulerName: 'default-scheduler',
      },
    });
  });

  const policies: readonly (readonly [string, string])[] = [
    ['web', 'Always'],
    ['web:latest', 'Always'],
    ['localhost:5000/web', 'Always'],
    ['localhost:5000/web:2', 'IfNotPresent'],
    ['web@sha256:0123456789012345678901234567890123456789012345678901234567890123', 'IfNotPresent'],
  ];
  for (const [image, policy] of policies) {
    test(`pulls ${image} by default ${policy}`, () => {
      const pod = decoded(minimal.replace('registry.example.com/web:1', image));
      assert.equal(pod.spec.containers[0]?.imagePullPolicy, policy);
    });
  }

  test('gives ports of a pod on the host network the same port of the host', () => {
    const ports = '    ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP}]\n';
    assert.deepEqual(decoded(`${minimal}${ports}  hostNetwork: true\n`).spec.containers[0]?.ports, [
      { containerPort: 80, hostPort: 80, protocol: 'TCP' },
      { containerPort: 53, hostPort: 53, protocol: 'UDP' },
    ]);
    assert.deepEqual(decoded(minimal + ports).spec.containers[0]?.ports?.[0], { containerPort: 80, protocol: 'TCP' });
  });

  test('fills in probes, volumes, requests and references', () => {
    const pod = decoded(`${minimal}    livenessProbe: {httpGet: {port: 80}}
    readinessProbe: {grpc: {port: 90}, periodSeconds: 2}
    resources: {limits: {cpu: 1, memory: 1Gi}, requests: {cpu: 100m}}
    env: [{name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
  volumes:
  - name: nothing
  - name: host
    hostPath: {path: /srv}
  - name: down
    downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}
  - name: program
    image: {reference: example.com/x}
`);
    const [container] = pod.spec.containers;
    const numbers = { initialDelaySeconds: 0, timeoutSeconds: 1, successThreshold: 1, failureThreshold: 3 };
    assert.deepEqual(container?.livenessProbe, {
      ...numbers,
      periodSeconds: 10,
      httpGet: { port: 80, path: '/', scheme: 'HTTP' },
    });
    assert.deepEqual(container?.readinessProbe, { ...numbers, periodSeconds: 2, grpc: { port: 90, service: '' } });
    assert.deepEqual(container?.resources.requests, { cpu: '100m', memory: '1Gi' });
    assert.deepEqual(container?.env?.[0]?.valueFrom?.fieldRef, { apiVersion: 'v1', fieldPath: 'status.podIP' });
    assert.deepEqual(pod.spec.volumes, [
      { name: 'nothing', emptyDir: {} },
      { name: 'host', hostPath: { path: '/srv', type: '' } },
      {
        name: 'down',
        downwardAPI: {
          items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels', apiVersion: 'v1' } }],
          defaultMode: 0o644,
        },
      },
      { name: 'program', image: { reference: 'example.com/x', pullPolicy: 'Always' } },
    ]);
  });

  test('makes one second of a negative grace period', () => {
    assert.equal(decoded(`${minimal}  terminationGracePeriodSeconds: -5\n`).spec.terminationGracePeriodSeconds, 1);
  });

  test('ignores unknown fields with a warning that says where and what was meant', () => {
    const { pod, findings } = decodePod(`${minimal}    imagePulPolicy: Never\n`, 'pod.yaml');
    assert.equal(pod?.spec.containers[0]?.imagePullPolicy, 'IfNotPresent');
    assert.equal('imagePulPolicy' in (pod?.spec.containers[0] ?? {}), false);
    assert.deepEqual(findings.map(renderFinding), [
      'pod.yaml:9:5: warning: spec.containers[0].imagePulPolicy: unknown field, ignored as the kubelet does' +
        ' (did you mean imagePullPolicy?)',
    ]);
  });

  test('takes null for not given', () => {
    assert.deepEqual(decoded(`${minimal}  volumes: null\n  hostNetwork: ~\n`), decoded(minimal));
  });

  test('says all that is of the wrong type, and what is else wrong', () => {
    const text = `${minimal}    command: run
    env: [{name: PORT, value: 80}]
    ports: [{containerPort: http}]
  hostNetwork: "yes"
  restartPolicy: Sometimes
`;
    assert.equal(
      refusal(text),
      [
        'pod.yaml:9:14: error: spec.containers[0].command: expected a list, found the string "run"',
        'pod.yaml:10:31: error: spec.containers[0].env[0].value: expected a string, found the number 80 (put it in quotes: "80")',
        'pod.yaml:11:29: error: spec.containers[0].ports[0].containerPort: expected a whole number of 32 bits, found the string "http"',
        'pod.yaml:12:16: error: spec.hostNetwork: expected true or false, found the string "yes"',
        'pod.yaml:13:18: error: spec.restartPolicy: unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
      ].join('\n'),
    );
  });
});

describe('refusing what is no static pod', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['an empty file', '', /the file holds nothing/],
    ['comments alone', '# later\n---\n', /the file holds nothing/],
    ['no object', 'hello', /no Kubernetes object/],
    ['YAML that cannot be read', 'a: [', /not valid YAML/],
    ['two documents', `${minimal}---\n${minimal}`, /the file holds 2 documents \(Pod, Pod\)/],
    ['no kind', 'apiVersion: v1', /kind is missing/],
    ['no apiVersion', 'kind: Pod', /apiVersion is missing/],
    ['another version', minimal.replace('v1', 'v2'), /a Pod of apiVersion v2/],
    ['a Deployment', 'apiVersion: apps/v1\nkind: Deployment', /a Deployment needs a controller in a cluster/],
    ['a ReplicaSet', 'apiVersion: apps/v1\nkind: ReplicaSet', /put the Pod of its template here/],
    ['a DaemonSet', 'apiVersion: apps/v1\nkind: DaemonSet', /needs a controller in a cluster/],
    ['a Service', 'apiVersion: v1\nkind: Service', /a Service is an object of the API server/],
    ['a List', 'apiVersion: v1\nkind: List\nitems: []', /a List: give each Pod a file of its own/],
    ['a PodList', 'apiVersion: v1\nkind: PodList\nitems: []', /a PodList: give each Pod a file of its own/],
    ['more than 10 MiB', `# ${'x'.repeat(10 * 1024 * 1024)}`, /the largest manifest read is 10 MiB/],
  ];
  for (const [what, text, expected] of cases) {
    test(`says why ${what} is none`, () => assert.match(refusal(text), expected));
  }

  test('says what a static pod manifest is', () => {
    assert.match(refusal('apiVersion: v1\nkind: Service'), /\(a static pod manifest is exactly one v1 Pod/);
  });
});

describe('a pod written out', () => {
  test('is read back as the same pod', () => {
    const pod = decoded(minimal);
    assert.deepEqual(decoded(toYaml(pod)), pod);
  });
});
