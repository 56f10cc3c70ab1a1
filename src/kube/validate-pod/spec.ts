import { parseIp } from '../cidr.ts';
import type { FieldErrors } from '../field-errors.ts';
import type { Labels, PodSpec, Toleration } from '../types.ts';
import { checks } from './checks.ts';
import { validateResources } from './resources.ts';

/** A DNS subdomain that may have underscores (ValidateDNS1123SubdomainWithUnderScore). */
const searchName = /^_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?(\._?[a-z0-9]([-_a-z0-9]*[a-z0-9])?)*$/;

/** The simple fields of a pod's spec (ValidatePodSpec). */
export function validateSpec(spec: PodSpec, errors: FieldErrors): void {
  const check = checks(errors);
  const other = spec as Readonly<Record<string, unknown>>;
  check.oneOf(['spec', 'restartPolicy'], spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
  check.oneOf(['spec', 'dnsPolicy'], spec.dnsPolicy, ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']);
  check.between(['spec', 'activeDeadlineSeconds'], spec.activeDeadlineSeconds, [1, 2_147_483_647]);
  if (spec.hostname) check.dnsLabel(['spec', 'hostname'], spec.hostname);
  if (spec.subdomain) check.dnsLabel(['spec', 'subdomain'], spec.subdomain);
  for (const name of ['nodeName', 'priorityClassName', 'runtimeClassName', 'serviceAccountName'] as const) {
    if (spec[name]) check.dnsSubdomain(['spec', name], spec[name]);
  }
  check.labels(['spec', 'nodeSelector'], spec.nodeSelector);
  const { preemptionPolicy } = other;
  if (typeof preemptionPolicy === 'string') {
    check.oneOf(['spec', 'preemptionPolicy'], preemptionPolicy, ['PreemptLowerPriority', 'Never']);
  }
  for (const [index, { conditionType = '' }] of (spec.readinessGates ?? []).entries())
    check.qualifiedName(['spec', 'readinessGates', index, 'conditionType'], conditionType);
  if (other.overhead) validateResources({ limits: other.overhead as Labels }, ['spec', 'overhead'], { errors });
  validateHostnameOverride(other, errors);
  validateDns(spec, errors);
  validateHostAliases(spec, errors);
  for (const [index, toleration] of (spec.tolerations ?? []).entries()) validateToleration(toleration, index, errors);
  validateCreation(spec, errors);
}

/** What is only for pods that a scheduler or a debugger has yet to complete (ValidatePodCreate). */
function validateCreation(spec: PodSpec, errors: FieldErrors): void {
  const { ephemeralContainers, schedulingGates } = spec as Readonly<Record<string, unknown>>;
  if (Array.isArray(ephemeralContainers) && ephemeralContainers.length > 0) {
    errors.forbidden(['spec', 'ephemeralContainers'], 'cannot be set on create');
  }
  if (Array.isArray(schedulingGates) && schedulingGates.length > 0) {
    // A static pod has its node from the start.
    errors.forbidden(['spec', 'schedulingGates'], 'a static pod is not scheduled');
  }
}

function validateHostnameOverride(spec: Readonly<Record<string, unknown>>, errors: FieldErrors): void {
  const { hostnameOverride } = spec;
  if (typeof hostnameOverride !== 'string') return;
  const path = ['spec', 'hostnameOverride'];
  if (spec.setHostnameAsFQDN === true) errors.forbidden(path, 'may not be specified when setHostnameAsFQDN is true');
  if (spec.hostNetwork === true) errors.forbidden(path, 'may not be specified when hostNetwork is true');
  if (hostnameOverride.length > 64) errors.invalid(path, hostnameOverride, 'may not be more than 64 bytes');
  checks(errors).dnsSubdomain(path, hostnameOverride);
}

function validateDns({ dnsPolicy, dnsConfig }: PodSpec, errors: FieldErrors): void {
  const path = ['spec', 'dnsConfig'];
  const { nameservers = [], searches = [], options = [] } = dnsConfig ?? {};
  if (dnsPolicy === 'None' && nameservers.length === 0) {
    errors.required([...path, 'nameservers'], 'must provide at least one DNS nameserver when `dnsPolicy` is None');
  }
  if (nameservers.length > 3)
    errors.invalid([...path, 'nameservers'], nameservers, 'must not have more than 3 nameservers');
  for (const [index, server] of nameservers.entries()) {
    if (parseIp(server) === undefined)
      errors.invalid([...path, 'nameservers', index], server, 'must be a valid IP address');
  }
  if (searches.length > 32) errors.invalid([...path, 'searches'], searches, 'must not have more than 32 search paths');
  if (searches.join(' ').length > 2048) errors.error([...path, 'searches'], 'must not have more than 2048 characters');
  for (const [index, search] of searches.entries()) {
    const name = search.replace(/\.$/, '');
    if (search !== '.' && (name.length > 253 || !searchName.test(name))) {
      errors.invalid([...path, 'searches', index], search, 'must be a DNS name');
    }
  }
  for (const [index, option] of options.entries())
    if (!option.name) errors.required([...path, 'options', index, 'name']);
}

function validateHostAliases(spec: PodSpec, errors: FieldErrors): void {
  for (const [index, { ip = '', hostnames = [] }] of (spec.hostAliases ?? []).entries()) {
    const path = ['spec', 'hostAliases', index];
    if (parseIp(ip) === undefined) errors.invalid([...path, 'ip'], ip, 'must be a valid IP address');
    for (const [place, name] of hostnames.entries()) checks(errors).dnsSubdomain([...path, 'hostnames', place], name);
  }
}

function validateToleration(toleration: Toleration, index: number, errors: FieldErrors): void {
  const check = checks(errors);
  const path = ['spec', 'tolerations', index];
  const { key, value = '', effect, tolerationSeconds } = toleration;
  const operator: string = toleration.operator || 'Equal';
  if (key) check.qualifiedName([...path, 'key'], key);
  else if (operator !== 'Exists') {
    errors.invalid([...path, 'operator'], operator, 'must be Exists when `key` is empty, which means all keys');
  }
  check.oneOf([...path, 'operator'], operator, ['Equal', 'Exists']);
  if (operator === 'Equal') check.labelValue([...path, 'value'], value);
  else if (value) errors.invalid([...path, 'value'], value, 'must be empty when `operator` is Exists');
  if (effect) check.oneOf([...path, 'effect'], effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']);
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    errors.invalid([...path, 'effect'], effect, "must be 'NoExecute' when `tolerationSeconds` is set");
  }
}
