import type { RuntimeRemark } from '../runtime.ts';
import type { CriFacts } from './facts.ts';

type Found = Pick<CriFacts, 'notReady' | 'tellsDriver' | 'sandboxImage'> & {
  /** Whether the image that it makes sandboxes from is in its store. */
  readonly hasSandboxImage: boolean;
};

/** What kubeadm's checks CRI, ContainerRuntimeVersion and ImagePull say of a runtime (cmd/kubeadm/app/preflight/checks.go). */
export function planRemarks({ notReady, tellsDriver, sandboxImage, hasSandboxImage }: Found): readonly RuntimeRemark[] {
  const remarks: RuntimeRemark[] = [];
  if (notReady !== undefined) {
    const message = `the container runtime is not ready: ${notReady}`;
    remarks.push({
      check: 'CRI',
      severity: 'error',
      message,
      hint: 'its own log says more: journalctl -u containerd (or crio)',
    });
  }
  if (!tellsDriver) {
    const message = 'the container runtime does not tell its cgroup driver (RuntimeConfig), which a kubelet 1.38 wants';
    const hint = 'containerd 2.0 and CRI-O 1.28 do; static pods here do without';
    remarks.push({ check: 'ContainerRuntimeVersion', severity: 'warning', message, hint });
  }
  if (!hasSandboxImage) {
    const message = `the container runtime makes sandboxes from ${sandboxImage}, which is not in its store`;
    const hint = 'where it cannot be pulled the pause image of this release gets that name';
    remarks.push({ check: 'ImagePull', severity: 'warning', message, hint });
  }
  return remarks;
}
