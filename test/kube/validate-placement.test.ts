import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { errorsOf, renderFinding } from '../../src/base/diagnostics.ts';
import { decodePod } from '../../src/kube/pod.ts';

type Members = Readonly<Record<string, unknown>>;

function findingsOf(spec: Members, container: Members = {}, metadata: Members = {}): readonly string[] {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', ...metadata },
    spec: { containers: [{ name: 'web', image: 'web:1', ...container }], ...spec },
  };
  return errorsOf(decodePod(JSON.stringify(pod, null, 1), 'pod.json').findings).map(renderFinding);
}

const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
const volume = (kind: string, source: Members) => ({ volumes: [{ name: 'v', [kind]: source }] });
const constraint = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };

const refused: readonly (readonly [string, Members, string])[] = [
  ['no alternatives', { affinity: { nodeAffinity: { [required]: {} } } }, 'nodeSelectorTerms: required value'],
  [
    'an operator that is none',
    {
      affinity: {
        nodeAffinity: { [required]: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'is' }] }] } },
      },
    },
    'matchExpressions[0].operator: invalid value: "is"',
  ],
  [
    'a field of a node that cannot be selected by',
    {
      affinity: {
        nodeAffinity: {
          [required]: { nodeSelectorTerms: [{ matchFields: [{ key: 'spec.x', operator: 'In', values: ['a'] }] }] },
        },
      },
    },
    'matchFields[0].key: invalid value: "spec.x"',
  ],
  ['a weight of 0', { affinity: { nodeAffinity: { [preferred]: [{ weight: 0, preference: {} }] } } }, 'range 1-100'],
  ['a pod term without a topology', { affinity: { podAffinity: { [required]: [{}] } } }, 'topologyKey: required value'],
  [
    'a label key selected and matched',
    {
      affinity: {
        podAntiAffinity: {
          [required]: [{ topologyKey: 'z', labelSelector: { matchLabels: { a: 'b' } }, matchLabelKeys: ['a'] }],
        },
      },
    },
    'matchLabelKeys[0]: invalid value: "a": exists in labelSelector as well',
  ],
  ['a skew of 0', { topologySpreadConstraints: [{ ...constraint, maxSkew: 0 }] }, 'maxSkew: invalid value: 0'],
  [
    'the same constraint twice',
    { topologySpreadConstraints: [constraint, constraint] },
    'duplicate value: "zone DoNotSchedule"',
  ],
  [
    'minDomains for what may be anywhere',
    { topologySpreadConstraints: [{ ...constraint, whenUnsatisfiable: 'ScheduleAnyway', minDomains: 1 }] },
    'minDomains',
  ],
  [
    'a readiness gate that is no name',
    { readinessGates: [{ conditionType: 'a b' }] },
    'readinessGates[0].conditionType',
  ],
  [
    'an iSCSI name of no form',
    volume('iscsi', { targetPortal: 'p', iqn: 'disk', lun: 1 }),
    'must begin with iqn, eui, or naa',
  ],
  [
    'CHAP without a secret',
    volume('iscsi', { targetPortal: 'p', iqn: `naa.${'0'.repeat(32)}`, lun: 1, chapAuthSession: true }),
    'secretRef: required value',
  ],
  ['fibre channel without a target', volume('fc', {}), 'must specify either targetWWNs or wwids'],
  [
    'an option in a reserved namespace',
    volume('flexVolume', { driver: 'a/b', options: { 'x.k8s.io/a': 'b' } }),
    'are reserved',
  ],
  [
    'a flexVolume with a secret',
    volume('flexVolume', { driver: 'a/b', secretRef: { name: 's' } }),
    'may not reference secrets',
  ],
  [
    'Windows options for Linux',
    { os: { name: 'linux' }, securityContext: { windowsOptions: {} } },
    'cannot be set for a linux pod',
  ],
  [
    'a user for Windows',
    { os: { name: 'windows' }, securityContext: { runAsUser: 1 } },
    'securityContext.runAsUser: forbidden: cannot be set for a windows pod',
  ],
  ['two backslashes', { securityContext: { windowsOptions: { runAsUserName: 'a\\b\\c' } } }, 'more than one backslash'],
  [
    'a host process off the host network',
    { securityContext: { windowsOptions: { hostProcess: true } } },
    'spec.hostNetwork: invalid value',
  ],
  [
    'an unknown SELinux change policy',
    { securityContext: { seLinuxChangePolicy: 'Maybe' } },
    'seLinuxChangePolicy: unsupported value',
  ],
  ['claims of the whole pod', { resources: { claims: [{ name: 'a' }] } }, 'spec.resources.claims: forbidden'],
  ['overhead of no resource', { overhead: { cpus: '1' } }, 'spec.overhead.limits.cpus'],
];

describe('placement, storage and operating system', () => {
  for (const [what, spec, message] of refused) {
    test(`${what} is refused`, () => {
      const said = findingsOf(spec).join('\n');
      assert.ok(said.includes(message), said);
      assert.match(said, /^pod\.json:\d+:\d+: error: /);
    });
  }

  test('containers must fit into what the pod has', () => {
    const spec = { resources: { limits: { cpu: '1' }, requests: { cpu: '500m' } } };
    const container = { resources: { requests: { cpu: '600m' }, limits: { cpu: '2' } } };
    const said = findingsOf(spec, container).join('\n');
    assert.match(said, /spec\.resources\.requests\.cpu: invalid value: "500m"/);
    assert.match(said, /spec\.containers\[0\]\.resources\.limits\.cpu: invalid value: "2"/);
    assert.deepEqual(findingsOf({ resources: { limits: { cpu: '2' } } }, container), []);
  });

  test('huge pages come in whole pages, and resize policies once for each resource', () => {
    const resources = { limits: { 'hugepages-2Mi': '3Mi', cpu: '1' } };
    assert.match(findingsOf({}, { resources }).join('\n'), /is not a positive integer multiple of hugepages-2Mi/);
    const policy = { resourceName: 'cpu', restartPolicy: 'RestartContainer' };
    assert.match(findingsOf({}, { resizePolicy: [policy, policy] }).join('\n'), /resizePolicy\[1\]: duplicate value/);
    assert.match(
      findingsOf({ restartPolicy: 'Never' }, { resizePolicy: [policy] }).join('\n'),
      /must be 'NotRequired'/,
    );
  });

  test('a profile that is said by annotation and by field is the same in both', () => {
    const annotations = { 'container.apparmor.security.beta.kubernetes.io/web': 'unconfined' };
    const securityContext = { appArmorProfile: { type: 'RuntimeDefault' } };
    assert.match(findingsOf({}, { securityContext }, { annotations }).join('\n'), /must match the annotation/);
    assert.deepEqual(
      findingsOf({}, { securityContext: { appArmorProfile: { type: 'Unconfined' } } }, { annotations }),
      [],
    );
  });

  test('a claim of a container and a finalizer without a prefix are refused', () => {
    const said = findingsOf({}, { resources: { claims: [{ name: 'gpu' }] } }, { finalizers: ['mine'] }).join('\n');
    assert.match(said, /resources\.claims: forbidden: static pods may not reference resourceclaims/);
    assert.match(said, /metadata\.finalizers\[0\]: invalid value: "mine"/);
  });

  for (const name of ['every-field', 'placement', 'storage', 'pod-resources', 'windows']) {
    test(`the corpus ${name}, which the API server accepts, is accepted`, () => {
      const text = readFileSync(join(import.meta.dirname, `../fixtures/pods/${name}.yaml`), 'utf8');
      const { findings } = decodePod(text, name);
      assert.deepEqual(errorsOf(findings).map(renderFinding), []);
    });
  }
});
