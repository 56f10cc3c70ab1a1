import { pathsOf } from '../../src/config/paths.ts';
import type { Revision } from '../../src/rollout/revisions/revision.ts';
import type { RevisionDraft } from '../../src/rollout/revisions/revisions.ts';

/** Where revisions are by default. */
export const revisionsDir = pathsOf('/').revisionsDir;

export const startedAt = '2026-01-01T00:00:00.000Z';

/** A manifest of a component with these flags, as the diff reads it. */
export function aPodManifest(component: string, flags: Readonly<Record<string, string>> = {}): string {
  const command = [component, ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)];
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: component, namespace: 'kube-system' },
    spec: { containers: [{ name: component, image: `registry.k8s.io/${component}:v1.37.2`, command }] },
  });
}

/** A good first revision of a control plane of one component. */
export function aDraft(change: Partial<RevisionDraft> = {}): RevisionDraft {
  return {
    configuration: 'kind: ClusterConfiguration\nclusterName: kubernetes\n',
    kubernetesVersion: 'v1.37.2',
    manifests: { 'kube-scheduler': aPodManifest('kube-scheduler') },
    certificates: [],
    files: {},
    result: 'good',
    startedAt,
    who: { user: 'root', host: 'node1', command: 'bootstrap init' },
    changes: ['the first revision'],
    timings: {},
    ...change,
  };
}

export function aRevision(number: number, change: Partial<Revision> = {}): Revision {
  const { replaced, ...draft } = aDraft();
  return { ...draft, replaced: [], number, ...change };
}
