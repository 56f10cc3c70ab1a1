import { globSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { archive, program } from '../components/locations.ts';
import { run } from '../e2e/support/command.ts';

/**
 * `kubeadm init` with a stock kubelet and containerd on this machine, in namespaces of their own: milliseconds to its end.
 * Undefined with the reason where that cannot be had (no containerd, not root).
 */
export async function kubeadmStart(): Promise<{ readonly ms: number } | { readonly because: string }> {
  if (process.geteuid?.() !== 0) return { because: 'needs root' };
  if ((await run('sh', ['-c', 'command -v containerd'])).code !== 0) return { because: 'containerd is not installed' };
  const lab = mkdtempSync(join(tmpdir(), 'stock-'));
  const namespaces = ['--net', '--mount', '--uts', '--ipc', '--pid', '--fork', '--kill-child', '--mount-proc'];
  try {
    const ran = await run('unshare', [...namespaces, 'sh', resolve('test/bench/kubeadm-node.sh')], {
      env: {
        LAB: lab,
        IMAGES: dirname(archive('kube-apiserver')),
        PATH: `${dirname(program('kubeadm'))}:${process.env.PATH}`,
      },
    });
    const ms = Number(ran.stdout.trim());
    return ms > 0 ? { ms } : { because: `kubeadm did not come up: ${ran.stderr.trim().split('\n').at(-1)}` };
  } finally {
    await removeLeftovers(lab);
  }
}

/** The control groups that kubelet made, and the mount points that were not there before. */
async function removeLeftovers(lab: string): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const groups = globSync('/sys/fs/cgroup/*/stock');
    if (groups.length === 0) break;
    await run('find', [...groups, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+']);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const created = readIfThere(join(lab, 'created'))
    .split('\n')
    .filter((path) => path !== '');
  for (const path of created) rmdirSync(path);
  rmSync(lab, { recursive: true, force: true });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
