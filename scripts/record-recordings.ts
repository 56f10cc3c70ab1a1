/**
 * Records docs/recordings/: `init` on an empty directory, and a change that is refused, on a control plane of their own as
 * plain processes. It runs in namespaces of its own (as root, with util-linux and iproute2), a machine `node1` at
 * 10.0.0.10 that has every port free. `--render` only draws the SVG files anew from what was recorded.
 */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { castOf } from './recording/cast.ts';
import { castSvg } from './recording/cast-svg.ts';
import { recordCast } from './recording/record-cast.ts';

const machine = `set -e
hostname node1
ip link set lo up
ip link add eth0 type veth peer name out0
ip link set out0 up
ip address add 10.0.0.10/24 dev eth0
ip link set eth0 up
ip route add default via 10.0.0.1
hosts=$(mktemp)
printf '127.0.0.1 localhost\\n10.0.0.10 node1\\n' >"$hosts"
mount --bind "$hosts" /etc/hosts
rm -f "$hosts"
exec "$0" "$@"`;
const changed = `cat >kubeadm.yaml <<'END'
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
apiServer:
  extraArgs:
  - name: event-ttl
    value: 3 hours
END`;
const init = 'bootstrap init --runtime process --root-dir plane';
const reset = 'bootstrap reset --force --root-dir plane';

if (process.argv.includes('--render')) render();
else if (process.argv.includes('--inside')) record();
else process.exitCode = recordInside();

function render(): void {
  for (const file of globSync('docs/recordings/*.cast')) {
    writeFileSync(file.replace(/cast$/, 'svg'), castSvg(castOf(readFileSync(file, 'utf8'))));
  }
}

function recordInside(): number {
  const self = [process.execPath, import.meta.filename, '--inside'];
  const { status, error } = spawnSync('unshare', ['--net', '--uts', '--mount', 'sh', '-c', machine, ...self], {
    stdio: 'inherit',
  });
  if (error !== undefined) throw error;
  return status ?? 1;
}

function record(): void {
  recordCast({
    name: 'init',
    title: 'bootstrap init',
    before: [],
    steps: [init, 'kubectl get nodes', 'kubectl get pods -n kube-system'],
    after: [reset],
  });
  recordCast({
    name: 'refused-change',
    title: 'bootstrap apply: a change that is refused',
    before: [init, changed],
    steps: [
      'cat kubeadm.yaml',
      'bootstrap plan --config kubeadm.yaml --root-dir plane || echo "exit code $?"',
      'bootstrap apply --config kubeadm.yaml --root-dir plane; echo "exit code $?"',
      'bootstrap status --root-dir plane',
    ],
    after: [reset],
  });
}
