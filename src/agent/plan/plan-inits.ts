import type { Container } from '../../kube/types.ts';
import type { PodPlan } from './actions.ts';
import { newest } from './instance.ts';
import type { PlanInput } from './plan-input.ts';
import { planStart } from './plan-start.ts';
import { willRestart } from './pod-end.ts';
import { isSidecar } from './restart-policy.ts';

/**
 * Init containers one after another, each after the one before it has succeeded; a sidecar lets the next one go as soon
 * as it has started. `initialized`: the main containers may run. Once one of those was made in this sandbox all this is
 * done, whatever became of the records; sidecars are restarted all the same (kuberuntime computeInitContainerActions).
 */
export function planInits(input: PlanInput): { readonly plans: readonly PodPlan[]; readonly initialized: boolean } {
  const { initContainers: inits = [], containers: mains } = input.desired.pod.spec;
  const isSeen = ({ name }: Container) => newest(input.rounds.current, name) !== undefined;
  const furthest = mains.some(isSeen) ? inits.length : inits.findLastIndex(isSeen);
  const plans: PodPlan[] = [];
  for (const [index, container] of inits.entries()) {
    const step = isSidecar(container) ? sidecarStep(input, container) : initStep(input, container, index < furthest);
    if (step.plan !== undefined) plans.push(step.plan);
    if (!step.passed && index >= furthest) return { plans, initialized: false };
  }
  return { plans, initialized: true };
}

type Step = { readonly plan?: PodPlan; readonly passed: boolean };

function sidecarStep(input: PlanInput, container: Container): Step {
  const seen = newest(input.rounds.current, container.name);
  const start = (because: string) => ({ plan: planStart(input, container, because), passed: false });
  if (seen === undefined) return start('it is not there yet');
  if (seen.state === 'created') return start('it was made but not started');
  if (seen.state === 'exited')
    return start(`a sidecar is always restarted; it exited with code ${seen.exitCode ?? 'unknown'}`);
  const started = container.startupProbe === undefined || input.facts.probes(seen.id)?.startup === 'success';
  if (started) return { passed: true };
  return { plan: { actions: [], waiting: `sidecar ${container.name} has not started yet` }, passed: false };
}

/** `outrun`: a later init container was seen, so this one has succeeded. */
function initStep(input: PlanInput, container: Container, outrun: boolean): Step {
  if (outrun) return { passed: true };
  const seen = newest(input.rounds.current, container.name);
  const start = (because: string) => ({ plan: planStart(input, container, because), passed: false });
  if (seen === undefined) return start('it is not there yet');
  if (seen.state === 'created') return start('it was made but not started');
  if (seen.state !== 'exited') {
    return { plan: { actions: [], waiting: `init container ${container.name} runs` }, passed: false };
  }
  if (seen.exitCode === 0) return { passed: true };
  if (!willRestart(input.desired.pod, container, seen, input.facts)) return { passed: false };
  return start(`it exited with code ${seen.exitCode ?? 'unknown'}`);
}
