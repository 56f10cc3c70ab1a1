import type { FieldPath } from '../field-errors.ts';
import type { Container } from '../types.ts';
import { checks, type Scope } from './checks.ts';
import { validateEnv } from './env.ts';
import { validateMounts } from './mounts.ts';
import { validateProbesAndHooks } from './probes.ts';
import { validateResizePolicy, validateResources } from './resources.ts';
import { validateSecurityContext } from './security.ts';

const policies = ['Always', 'Never', 'OnFailure'];
const pullPolicies = ['Always', 'IfNotPresent', 'Never'];

/** Containers and init containers (validateContainers, validateInitContainers). */
export function validateContainers(scope: Scope): void {
  const { spec, errors } = scope;
  if (spec.containers.length === 0) errors.required(['spec', 'containers']);
  const names = new Set<string>();
  for (const [index, container] of spec.containers.entries()) {
    const path = ['spec', 'containers', index];
    validateContainer(container, path, { ...scope, names });
    validateProbesAndHooks(container, path, scope);
    validateRestartPolicy(container, path, scope);
  }
  validateHostPorts(spec.containers, ['spec', 'containers'], scope);
  for (const [index, container] of (spec.initContainers ?? []).entries()) {
    const path = ['spec', 'initContainers', index];
    validateContainer(container, path, { ...scope, names });
    validateInitContainer(container, path, scope);
    validateHostPorts([container], ['spec', 'initContainers'], { ...scope, first: index });
  }
}

function validateContainer(
  container: Container,
  path: FieldPath,
  scope: Scope & { readonly names: Set<string> },
): void {
  const { errors, spec, names } = scope;
  const check = checks(errors);
  const { name, image } = container;
  if (!name) errors.required([...path, 'name']);
  else check.dnsLabel([...path, 'name'], name);
  if (name && names.has(name)) errors.duplicate([...path, 'name'], name);
  names.add(name);
  if (!image) errors.required([...path, 'image']);
  else if (image.trim() !== image) {
    errors.invalid([...path, 'image'], image, 'must not have leading or trailing whitespace');
  }
  check.oneOf([...path, 'terminationMessagePolicy'], container.terminationMessagePolicy, [
    'FallbackToLogsOnError',
    'File',
  ]);
  check.oneOf([...path, 'imagePullPolicy'], container.imagePullPolicy, pullPolicies);
  validatePorts(container, path, scope);
  validateEnv(container, path, scope);
  validateMounts(container, path, scope);
  validateResources(container.resources, [...path, 'resources'], { errors });
  validateResizePolicy(container, path, scope);
  const { securityContext } = container;
  if (securityContext) validateSecurityContext(securityContext, [...path, 'securityContext'], { errors, spec });
}

function validatePorts(container: Container, path: FieldPath, { errors, spec }: Scope): void {
  const check = checks(errors);
  const names = new Set<string>();
  for (const [index, port] of (container.ports ?? []).entries()) {
    const at = [...path, 'ports', index];
    if (port.name && check.portName([...at, 'name'], port.name)) {
      if (names.has(port.name)) errors.duplicate([...at, 'name'], port.name);
      names.add(port.name);
    }
    if (!port.containerPort) errors.required([...at, 'containerPort']);
    else check.between([...at, 'containerPort'], port.containerPort, [1, 65_535]);
    if (port.hostPort) check.between([...at, 'hostPort'], port.hostPort, [1, 65_535]);
    check.oneOf([...at, 'protocol'], port.protocol, ['SCTP', 'TCP', 'UDP']);
    if (spec.hostNetwork === true && port.hostPort !== port.containerPort) {
      errors.invalid([...at, 'hostPort'], port.hostPort, 'must match `containerPort` when `hostNetwork` is true');
    }
  }
}

/** No two containers that run at once may take the same port of the host (AccumulateUniqueHostPorts). */
function validateHostPorts(
  containers: readonly Container[],
  path: FieldPath,
  { errors, first = 0 }: Pick<Scope, 'errors'> & { readonly first?: number },
): void {
  const taken = new Set<string>();
  for (const [index, container] of containers.entries()) {
    for (const [port, { protocol, hostIP = '', hostPort }] of (container.ports ?? []).entries()) {
      if (!hostPort) continue;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) errors.duplicate([...path, first + index, 'ports', port, 'hostPort'], key);
      taken.add(key);
    }
  }
}

function validateInitContainer(container: Container, path: FieldPath, scope: Scope): void {
  validateRestartPolicy(container, path, scope);
  if (container.restartPolicy === 'Always') {
    validateProbesAndHooks(container, path, scope);
    return;
  }
  for (const name of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    if (container[name] === undefined) continue;
    scope.errors.forbidden([...path, name], 'may not be set for init containers without restartPolicy=Always');
  }
}

function validateRestartPolicy(container: Container, path: FieldPath, { errors }: Scope): void {
  const { restartPolicy, restartPolicyRules: rules = [] } = container;
  const check = checks(errors);
  if (restartPolicy !== undefined) check.oneOf([...path, 'restartPolicy'], restartPolicy, policies);
  else if (rules.length > 0) errors.required([...path, 'restartPolicy'], 'must be given when restart rules are used');
  const at = [...path, 'restartPolicyRules'];
  if (rules.length > 20) errors.error(at, `too many: ${rules.length}: must have at most 20 items`);
  for (const [index, { action, exitCodes }] of rules.entries()) {
    check.oneOf([...at, index, 'action'], action, ['Restart', 'RestartAllContainers']);
    if (exitCodes === undefined) errors.required([...at, index, 'exitCodes']);
    else check.oneOf([...at, index, 'exitCodes', 'operator'], exitCodes.operator, ['In', 'NotIn']);
    if ((exitCodes?.values ?? []).length > 255)
      errors.error([...at, index, 'exitCodes', 'values'], 'too many: must have at most 255 items');
  }
}
