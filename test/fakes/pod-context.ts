import type { PodContext } from '../../src/agent/containers/pod-context.ts';
import { podPaths } from '../../src/agent/home/pod-paths.ts';
import type { ObjectMeta, PodSpec } from '../../src/kube/types.ts';
import { aPod } from './agent-builders.ts';

const roots = { kubeletDir: '/var/lib/kubelet', podLogsDir: '/var/log/pods', containerLogsDir: '/var/log/containers' };

/** What the sandbox and containers of pod default/web-node1 are made from, in a runtime that mounts. */
export function aPodContext(
  spec: Partial<PodSpec> = {},
  change: Partial<PodContext> = {},
  metadata: Partial<ObjectMeta> = {},
): PodContext {
  const identity = { name: 'web-node1', namespace: 'default', uid: 'uid1' };
  return {
    desired: { pod: aPod(spec, metadata), uid: identity.uid, hash: 'hash1', file: '/manifests/web.yaml' },
    node: { name: 'node1', ips: ['192.0.2.10'], cpuCount: 2, memoryBytes: 4 * 2 ** 30 },
    paths: podPaths(roots, identity),
    seccomp: { kubeletDir: roots.kubeletDir, seccompDefault: false },
    hasMounts: true,
    dns: { clusterDNS: [], clusterDomain: '', resolvConf: '/etc/resolv.conf' },
    sandboxImage: 'registry.k8s.io/pause:3.10.2',
    ...change,
  };
}
