import type { Container, Pod } from '../../kube/types.ts';

/** Whether an init container is a sidecar: it runs beside the others and is always restarted (KEP-753). */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

/**
 * Whether a container that exited with this code is started again: by the first rule that matches, else by its own
 * policy, else by the pod's (pkg/api/v1/pod/util.go ContainerShouldRestart).
 */
export function restartsAfter(pod: Pod, container: Container, exitCode: number | undefined): boolean {
  if (matchingRule(container, exitCode) !== undefined) return true;
  const policy = container.restartPolicy ?? pod.spec.restartPolicy;
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/** The same for an ordinary init container, which runs until it succeeds: under Always it is retried on failure only. */
export function initRestartsAfter(pod: Pod, container: Container, exitCode: number | undefined): boolean {
  return exitCode !== 0 && restartsAfter(pod, container, exitCode);
}

/** Whether this end of a container restarts all containers of its pod (KEP-5532). */
export function restartsAll(container: Container, exitCode: number | undefined): boolean {
  return matchingRule(container, exitCode)?.action === 'RestartAllContainers';
}

/**
 * Whether a container that we stop is to run again afterwards, whatever its exit code will be. Rules are not asked, since
 * there is no exit code yet (kuberuntime_manager.go computePodActions).
 */
export function restartsAfterStop(pod: Pod, container: Container): boolean {
  return (container.restartPolicy ?? pod.spec.restartPolicy) !== 'Never';
}

type Rule = NonNullable<Container['restartPolicyRules']>[number];

function matchingRule({ restartPolicyRules = [] }: Container, exitCode: number | undefined): Rule | undefined {
  return restartPolicyRules.find(({ exitCodes }) => {
    if (exitCodes === undefined || exitCode === undefined) return false;
    return (exitCodes.values ?? []).includes(exitCode) === (exitCodes.operator === 'In');
  });
}
