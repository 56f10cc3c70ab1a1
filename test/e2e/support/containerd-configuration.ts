import { join } from 'node:path';

/** The image that a pod's sandbox is made of. */
export const pause = 'registry.k8s.io/pause:3.10.2';

/** Plugins that this machine has nothing for, or that would make directories outside of the test's own. */
const unwanted = [
  'internal.v1.opt',
  'tracing.processor.v1.otlp',
  ...['aufs', 'btrfs', 'devmapper', 'native', 'zfs'].map((name) => `snapshotter.v1.${name}`),
].map((name) => `"io.containerd.${name}"`);

/** containerd's configuration (version 2, as its 1.6 reads it) with everything below `directory`. */
export function containerdConfiguration(directory: string, criSettings: string, sandboxImage = pause): string {
  return `version = 2
root = "${join(directory, 'root')}"
state = "${join(directory, 'state')}"
disabled_plugins = [${unwanted.join(', ')}]
[grpc]
  address = "${join(directory, 'containerd.sock')}"
[plugins."io.containerd.grpc.v1.cri"]
  # Without CAP_SYS_RESOURCE no pod could have an oom_score_adj below the machine's own.
  restrict_oom_score_adj = true
  sandbox_image = "${sandboxImage}"
  netns_mounts_under_state_dir = true
${criSettings}
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${join(directory, 'net.d')}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "${join(directory, 'runc')}"
`;
}

/**
 * The pods' network. By default each pod gets a veth pair and an address that the machine reaches: no bridge, which would
 * need rules of the machine's firewall. Undefined when there are to be no plugins.
 */
export function networkConfiguration(directory: string, plugins?: readonly object[]): string | undefined {
  if (plugins?.length === 0) return undefined;
  // Addresses of its own for each containerd of a machine, outside of the Services' and the worker lab's.
  const subnet = `10.${128 + ((process.pid >> 8) % 64)}.${process.pid % 256}.0/24`;
  const ipam = {
    type: 'host-local',
    dataDir: join(directory, 'addresses'),
    ranges: [[{ subnet }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  return JSON.stringify({ cniVersion: '1.0.0', name: 'test', plugins: plugins ?? [{ type: 'ptp', ipam }] });
}
