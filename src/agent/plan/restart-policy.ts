import type { Container, Pod } from '../../kube/types.ts';

/** Whether an init container is a sidecar: it runs beside the others and is always restarted (KEP-753). */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/** Whether a container that exited with this code is started again, by its own policy and rules, else the pod's. */
export function restartsAfter(pod: Pod, container: Container, exitCode: number | undefined): boolean {
  for (const rule of container.restartPolicyRules ?? []) {
    const values = rule.exitCodes?.values ?? [];
    const listed = exitCode !== undefined && values.includes(exitCode);
    if (rule.exitCodes !== undefined && listed === (rule.exitCodes.operator === 'In')) return true;
  }
  const policy = container.restartPolicy ?? pod.spec.restartPolicy;
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/** The same for an ordinary init container, which runs until it succeeds: under Always it is retried on failure only. */
export function initRestartsAfter(pod: Pod, container: Container, exitCode: number | undefined): boolean {
  return exitCode !== 0 && restartsAfter(pod, container, exitCode);
}
