import type { FieldErrors } from '../field-errors.ts';
import { nanoOf } from '../quantity.ts';
import type { Container, PodSpec } from '../types.ts';
import { validateResources } from './resources.ts';

type Kind = 'requests' | 'limits';

/** Resources of the pod as a whole, and that its containers fit into them (validatePodResources). */
export function validatePodResources(spec: PodSpec, errors: FieldErrors): void {
  if (spec.resources === undefined) return;
  const path = ['spec', 'resources'];
  if ('claims' in spec.resources) errors.forbidden([...path, 'claims'], 'may not be set for the pod as a whole');
  const { limits = {} } = spec.resources;
  const requests = withDefaults(spec);
  validateResources({ limits, requests }, path, { errors, ofPod: true });
  for (const [name, amount] of Object.entries(requests))
    if (sumOf(spec, 'requests', name) > nanoOf(amount))
      errors.invalid([...path, 'requests', name], amount, 'must not be less than what the containers request together');
  for (const [name, amount] of Object.entries(limits)) {
    if (name.startsWith('hugepages-') && sumOf(spec, 'limits', name) > nanoOf(amount))
      errors.invalid([...path, 'limits', name], amount, 'must not be less than the limits of the containers together');
    for (const [index, { resources }] of spec.containers.entries()) {
      const limit = resources.limits?.[name];
      if (limit === undefined || nanoOf(limit) <= nanoOf(amount)) continue;
      const at = ['spec', 'containers', index, 'resources', 'limits', name];
      errors.invalid(at, limit, `must be less than or equal to pod limits of ${amount}`);
    }
  }
}

/** What the API server fills in before it checks (defaultPodRequests): the containers' requests, else the limits. */
function withDefaults(spec: PodSpec): Readonly<Record<string, string>> {
  const { requests = {}, limits = {} } = spec.resources ?? {};
  if (Object.keys(limits).length === 0) return requests;
  const summed = ['cpu', 'memory'].filter((name) => requests[name] === undefined && mentions(spec, name));
  const sums = summed.map((name) => [name, `${sumOf(spec, 'requests', name)}n`] as const);
  return { ...limits, ...Object.fromEntries(sums), ...requests };
}

function mentions(spec: PodSpec, name: string): boolean {
  return [...spec.containers, ...(spec.initContainers ?? [])].some(
    ({ resources }) => resources.requests?.[name] !== undefined,
  );
}

/** What runs at the same time at most: all containers with all sidecars, or one init container with those before it. */
function sumOf(spec: PodSpec, kind: Kind, name: string): bigint {
  const of = ({ resources }: Container) => nanoOf(resources[kind]?.[name] ?? '0');
  let sidecars = 0n;
  let most = 0n;
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') sidecars += of(container);
    const now = container.restartPolicy === 'Always' ? sidecars : sidecars + of(container);
    if (now > most) most = now;
  }
  const together = spec.containers.reduce((sum, container) => sum + of(container), sidecars);
  return together > most ? together : most;
}
