import type { Container } from '../../kube/types.ts';
import type { ObservedContainer } from '../../runtime/runtime.ts';
import type { PodPlan } from './actions.ts';
import { newest } from './instance.ts';
import type { ContainersInput } from './plan-containers.ts';
import { planStart } from './plan-start.ts';
import { initRestartsAfter, isSidecar } from './restart-policy.ts';

type InitsInput = ContainersInput & { readonly inSandbox: readonly ObservedContainer[] };

/**
 * Init containers one after another, each after the one before it has succeeded; a sidecar lets the next one go as soon
 * as it has started. `initialized`: the main containers may run. Once one of those was made all this is done, whatever
 * became of the records (kuberuntime HasAnyRegularContainerCreated); sidecars are restarted all the same.
 */
export function planInits(input: InitsInput): { readonly plans: readonly PodPlan[]; readonly initialized: boolean } {
  const inits = input.desired.pod.spec.initContainers ?? [];
  const done = input.desired.pod.spec.containers.some(({ name }) => newest(input.inSandbox, name) !== undefined);
  const furthest = done ? inits.length : inits.findLastIndex(({ name }) => newest(input.inSandbox, name) !== undefined);
  const plans: PodPlan[] = [];
  for (const [index, container] of inits.entries()) {
    const step = isSidecar(container) ? sidecarStep(input, container) : initStep(input, container, index < furthest);
    if (step.plan !== undefined) plans.push(step.plan);
    if (!step.passed && index >= furthest) return { plans, initialized: false };
  }
  return { plans, initialized: true };
}

type Step = { readonly plan?: PodPlan; readonly passed: boolean };

function sidecarStep(input: InitsInput, container: Container): Step {
  const seen = newest(input.inSandbox, container.name);
  if (seen === undefined) return { plan: start(input, container, 'it is not there yet'), passed: false };
  if (seen.state === 'created') return { plan: start(input, container, 'it was made but not started'), passed: false };
  if (seen.state === 'exited') return { plan: start(input, container, 'a sidecar is always restarted'), passed: false };
  const started = container.startupProbe === undefined || input.facts.probes(seen.id)?.startup === 'success';
  if (started) return { passed: true };
  return { plan: { actions: [], waiting: `sidecar ${container.name} has not started yet` }, passed: false };
}

/** `outrun`: a later init container was seen, so this one has succeeded. */
function initStep(input: InitsInput, container: Container, outrun: boolean): Step {
  if (outrun) return { passed: true };
  const seen = newest(input.inSandbox, container.name);
  if (seen === undefined) return { plan: start(input, container, 'it is not there yet'), passed: false };
  if (seen.state === 'created') return { plan: start(input, container, 'it was made but not started'), passed: false };
  if (seen.state !== 'exited') {
    return { plan: { actions: [], waiting: `init container ${container.name} runs` }, passed: false };
  }
  if (seen.exitCode === 0) return { passed: true };
  if (!initRestartsAfter(input.desired.pod, container, seen.exitCode)) return { passed: false };
  return { plan: start(input, container, `it exited with code ${seen.exitCode ?? 'unknown'}`), passed: false };
}

function start({ desired, own, sandbox, facts }: InitsInput, container: Container, because: string): PodPlan {
  return planStart({ desired, container, known: own.containers, sandboxId: sandbox?.id, facts, because });
}
