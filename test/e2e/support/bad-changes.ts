import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Component, extraArgs, type RolloutPlane } from './rollout-plane.ts';

/** A change of the configuration that no control plane survives. */
export type BadChange = {
  readonly name: string;
  readonly component: Component;
  /** Writes the configuration, and what it needs. */
  readonly configure: (plane: RolloutPlane) => void;
  /** What the one line has to say. */
  readonly words: RegExp;
  /** Where the machine holds a process to nothing, it is no bad change. */
  readonly notOnProcess?: true;
};

const pki = (plane: RolloutPlane, name: string) => plane.path(`etc/kubernetes/pki/${name}`);

/** Ten ways to break it. */
export const badChanges: readonly BadChange[] = [
  {
    name: 'an unknown flag',
    component: 'kube-apiserver',
    configure: (plane) => plane.configure({ 'kube-apiserver': { 'no-such-flag': 1 } }),
    words: /no-such-flag/,
  },
  {
    name: 'a bad value',
    component: 'kube-controller-manager',
    configure: (plane) => plane.configure({ 'kube-controller-manager': { 'concurrent-endpoint-syncs': 'many' } }),
    words: /"many"/,
  },
  {
    name: 'a missing file',
    component: 'kube-apiserver',
    configure: (plane) =>
      plane.configure({ 'kube-apiserver': { 'admission-control-config-file': pki(plane, 'none.yaml') } }),
    words: /none\.yaml/,
  },
  {
    name: 'the wrong CA of etcd',
    component: 'kube-apiserver',
    configure: (plane) => plane.configure({ 'kube-apiserver': { 'etcd-cafile': pki(plane, 'front-proxy-ca.crt') } }),
    words: /x509|certificate|authority/i,
  },
  {
    name: 'an audit policy that cannot be read',
    component: 'kube-apiserver',
    configure: (plane) => {
      writeFileSync(pki(plane, 'audit.yaml'), 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: 5\n');
      plane.configure({ 'kube-apiserver': { 'audit-policy-file': pki(plane, 'audit.yaml') } });
    },
    words: /audit/i,
  },
  {
    name: 'an image that does not exist',
    component: 'etcd',
    configure: (plane) => plane.configure({}, { cluster: 'etcd:\n  local:\n    imageTag: 3.7.0-99\n' }),
    words: /etcd:3\.7\.0-99/,
  },
  {
    name: 'a feature gate that does not exist',
    component: 'kube-scheduler',
    configure: (plane) => plane.configure({ 'kube-scheduler': { 'feature-gates': 'NoSuchGate=true' } }),
    words: /NoSuchGate/,
  },
  {
    name: 'a memory limit that is too low',
    component: 'kube-controller-manager',
    configure: (plane) => {
      const patch = {
        spec: { containers: [{ name: 'kube-controller-manager', resources: { limits: { memory: '12Mi' } } }] },
      };
      configureWithPatch(plane, 'kube-controller-manager', patch);
    },
    words: /memory|OOM/i,
    notOnProcess: true,
  },
  {
    name: 'an etcd with a wrong name',
    component: 'etcd',
    configure: (plane) => plane.configure({ etcd: { name: 'other' } }),
    words: /other/,
  },
  {
    name: 'a broken configuration of the scheduler',
    component: 'kube-scheduler',
    configure: (plane) => {
      const file = join(plane.scratch('config'), 'scheduler.yaml');
      writeFileSync(file, 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofile: 5\n');
      const volume = `  extraVolumes:\n  - {name: config, hostPath: ${file}, mountPath: ${file}, pathType: File, readOnly: true}\n`;
      plane.configure({}, { cluster: extraArgs({ 'kube-scheduler': { config: file } }) + volume });
    },
    words: /profile|scheduler\.yaml/,
  },
];

/** The configuration with one patch more, in YAML or JSON. */
function configureWithPatch(plane: RolloutPlane, component: Component, patch: object): void {
  const directory = plane.scratch('patches');
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${component}.json`), JSON.stringify(patch));
  plane.configure({}, { init: `patches:\n  directory: ${directory}\n` });
}
