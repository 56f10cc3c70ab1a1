import type { LoadInput } from '../../src/config/load.ts';
import type { FileInfo } from '../../src/host/host.ts';
import { toYaml } from '../../src/kube/yaml.ts';

type Address = ReturnType<LoadInput['host']['addresses']>[number];

export type ConfigMachine = {
  readonly hostname?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Text files by path; a directory is a path with an undefined text. */
  readonly files?: Readonly<Record<string, string | undefined>>;
  readonly addresses?: readonly Address[];
  readonly defaultInterfaces?: Readonly<Partial<Record<4 | 6, string>>>;
};

export function address(name: string, text: string): Address {
  return { name, address: text, family: text.includes(':') ? 6 : 4, loopback: name === 'lo' };
}

/** A machine called node1 at 192.0.2.10, as far as loading a configuration looks at one; random bytes count up. */
export function configHost(machine: ConfigMachine = {}): LoadInput['host'] {
  const files = machine.files ?? {};
  return {
    hostname: () => machine.hostname ?? 'node1',
    env: (name) => machine.env?.[name],
    homeDirectory: () => '/home/user',
    workingDirectory: () => '/work',
    addresses: () => machine.addresses ?? [address('lo', '127.0.0.1'), address('eth0', '192.0.2.10')],
    defaultInterface: async (family) => (machine.defaultInterfaces ?? { 4: 'eth0' })[family],
    randomBytes: (count) => Uint8Array.from({ length: count }, (_, index) => index),
    readText: async (path) => files[path],
    stat: async (path) => (path in files ? info(files[path] === undefined ? 'directory' : 'file') : undefined),
  };
}

function info(kind: FileInfo['kind']): FileInfo {
  return { kind, size: 0, mode: 0o755, uid: 0, gid: 0, modifiedAtMs: 0, inode: 1, device: 1 };
}

type Members = Readonly<Record<string, unknown>>;

/** The text of a configuration file with these members of these documents. */
export function configText(documents: {
  readonly init?: Members;
  readonly cluster?: Members;
  readonly bootstrap?: Members;
  readonly reset?: Members;
  readonly kubelet?: Members;
  readonly kubeProxy?: Members;
}): string {
  const heads = {
    init: ['kubeadm.k8s.io/v1beta4', 'InitConfiguration'],
    cluster: ['kubeadm.k8s.io/v1beta4', 'ClusterConfiguration'],
    bootstrap: ['kube-bootstrap/v1alpha1', 'BootstrapConfiguration'],
    reset: ['kubeadm.k8s.io/v1beta4', 'ResetConfiguration'],
    kubelet: ['kubelet.config.k8s.io/v1beta1', 'KubeletConfiguration'],
    kubeProxy: ['kubeproxy.config.k8s.io/v1alpha1', 'KubeProxyConfiguration'],
  } as const;
  return Object.entries(documents)
    .map(([name, members]) => {
      const [apiVersion, kind] = heads[name as keyof typeof heads];
      return toYaml({ apiVersion, kind, ...members });
    })
    .join('---\n');
}
