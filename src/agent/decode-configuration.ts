import type { Finding } from '../base/diagnostics.ts';
import { parseDuration } from '../base/duration.ts';
import { UsageError } from '../base/errors.ts';
import { nearest } from '../kube/names.ts';
import { wholeValue } from '../kube/quantity.ts';
import { type Path, parseYaml, pathText, type YamlDocument } from '../kube/yaml.ts';
import { agentConfigurationKind, agentConfigurationVersion, type StartAfterRule } from './configuration.ts';
import { kubeletConfigurationFields } from './kubelet-flags.ts';
import type { AgentSettings } from './settings.ts';

/** What a file says, and fields of a kubelet's that mean nothing here. */
export type DecodedConfiguration = {
  readonly settings: Partial<AgentSettings>;
  readonly nodeIP?: string;
  readonly ignoredFields: readonly string[];
};

type Reader = { readonly document: YamlDocument; readonly file: string; readonly findings: Finding[] };
type Field = (value: unknown, reader: Reader, path: Path) => Partial<AgentSettings> & { readonly nodeIP?: string };

/** Fields that both our configuration and the kubelet's have. */
const commonFields: Readonly<Record<string, Field>> = {
  staticPodPath: (value, reader, path) => ({ staticPodPath: textOf(value, reader, path) }),
  fileCheckFrequency: (value, reader, path) => ({ fileCheckFrequencyMs: durationOf(value, reader, path) }),
  healthzPort: (value, reader, path) => ({ healthz: { address: '', port: countOf(value, reader, path) } }),
  healthzBindAddress: (value, reader, path) => ({ healthz: { address: textOf(value, reader, path), port: -1 } }),
  containerLogMaxSize: (value, reader, path) => ({ containerLogMaxBytes: sizeOf(value, reader, path) }),
  containerLogMaxFiles: (value, reader, path) => ({ containerLogMaxFiles: countOf(value, reader, path) }),
  crashLoopBackOff: (value, reader, path) => ({ maxContainerRestartPeriodMs: restartPeriodOf(value, reader, path) }),
};

const kubeletOnly: Readonly<Record<string, Field>> = {
  seccompDefault: (value) => ({ seccompDefault: value === true }),
  containerRuntimeEndpoint: (value, reader, path) => ({
    runtime: { type: 'auto', endpoint: textOf(value, reader, path) || undefined },
  }),
};

const ownOnly: Readonly<Record<string, Field>> = {
  nodeName: (value, reader, path) => ({ nodeName: textOf(value, reader, path) }),
  nodeIP: (value, reader, path) => ({ nodeIP: textOf(value, reader, path) }),
  runtime: runtimeOf,
  imageArchives: (value, reader, path) => ({ imageArchives: textsOf(value, reader, path) }),
  podInfraContainerImage: (value, reader, path) => ({ podInfraContainerImage: textOf(value, reader, path) }),
  startAfter: (value, reader, path) => ({ startAfter: rulesOf(value, reader, path) }),
};

/**
 * Reads the file of `--config`: our AgentConfiguration, a KubeletConfiguration, or a bare file with the kubelet's fields.
 * Throws UsageError with all findings: a field that neither has is one.
 */
export function decodeConfiguration(text: string, file: string): DecodedConfiguration {
  const { documents, findings: syntax } = parseYaml(text, file);
  const findings: Finding[] = [...syntax];
  const [document] = documents;
  if (document === undefined || documents.length > 1 || !isMap(document.value)) {
    findings.push({ severity: 'error', file, message: 'one YAML or JSON document with a configuration is expected' });
    throw new UsageError(`${file} is no agent configuration`, { findings });
  }
  const decoded = decodeFields({ document, file, findings }, document.value);
  if (findings.some(({ severity }) => severity === 'error')) {
    throw new UsageError(`${file} is no valid agent configuration`, { findings });
  }
  return decoded;
}

function decodeFields(reader: Reader, value: Readonly<Record<string, unknown>>): DecodedConfiguration {
  const own = value.kind === agentConfigurationKind && value.apiVersion === agentConfigurationVersion;
  const kubelets = value.kind === undefined || value.kind === 'KubeletConfiguration';
  if (!own && !kubelets) fail(reader, ['kind'], `${String(value.kind)} is not a configuration of an agent`);
  const fields: Readonly<Record<string, Field>> = { ...commonFields, ...(own ? ownOnly : kubeletOnly) };
  const known = own ? ['apiVersion', 'kind', ...Object.keys(fields)] : kubeletConfigurationFields;
  const settings: Record<string, unknown> = {};
  const ignoredFields: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field !== undefined) merge(settings, field(member, reader, [name]));
    else if (!known.includes(name)) unknownField(reader, name, known);
    else if (name !== 'apiVersion' && name !== 'kind') ignoredFields.push(name);
  }
  const { nodeIP, ...rest } = settings;
  return { settings: rest, ...(typeof nodeIP === 'string' ? { nodeIP } : {}), ignoredFields };
}

/** The two halves of healthz come from two fields; -1 and '' are the half that the other one says. */
function merge(settings: Record<string, unknown>, part: Partial<AgentSettings>): void {
  const before = settings.healthz as AgentSettings['healthz'] | undefined;
  Object.assign(settings, part);
  const { healthz } = part;
  if (healthz === undefined) return;
  settings.healthz = {
    address: healthz.address || before?.address || '127.0.0.1',
    port: healthz.port >= 0 ? healthz.port : (before?.port ?? 10_248),
  };
}

function runtimeOf(value: unknown, reader: Reader, path: Path): Partial<AgentSettings> {
  const { type = 'auto', endpoint, ...rest } = isMap(value) ? value : {};
  for (const name of Object.keys(rest)) unknownField(reader, name, ['type', 'endpoint'], path);
  if (type !== 'auto' && type !== 'docker' && type !== 'cri' && type !== 'process') {
    fail(reader, [...path, 'type'], `${String(type)} is no container runtime: auto, docker, cri or process`);
    return {};
  }
  return {
    runtime: { type, endpoint: endpoint === undefined ? undefined : textOf(endpoint, reader, [...path, 'endpoint']) },
  };
}

function rulesOf(value: unknown, reader: Reader, path: Path): readonly StartAfterRule[] {
  if (!Array.isArray(value)) return fail(reader, path, 'a list is expected', []);
  return value.map((entry: unknown, index) => {
    const at = [...path, index];
    const { pods, url, caFile, ...rest } = isMap(entry) ? entry : {};
    for (const name of Object.keys(rest)) unknownField(reader, name, ['pods', 'url', 'caFile'], at);
    return {
      pods: textsOf(pods, reader, [...at, 'pods']),
      url: textOf(url, reader, [...at, 'url']),
      ...(caFile === undefined ? {} : { caFile: textOf(caFile, reader, [...at, 'caFile']) }),
    };
  });
}

function restartPeriodOf(value: unknown, reader: Reader, path: Path): number {
  const { maxContainerRestartPeriod: period = '300s' } = isMap(value) ? value : {};
  const ms = durationOf(period, reader, [...path, 'maxContainerRestartPeriod']);
  // As the kubelet validates it (KEP-5593).
  if (ms < 1000 || ms > 300_000) fail(reader, [...path, 'maxContainerRestartPeriod'], 'must be between 1s and 300s');
  return ms;
}

function textOf(value: unknown, reader: Reader, path: Path): string {
  return typeof value === 'string' ? value : fail(reader, path, 'a text is expected', '');
}

function textsOf(value: unknown, reader: Reader, path: Path): readonly string[] {
  if (!Array.isArray(value)) return fail(reader, path, 'a list of texts is expected', []);
  return value.map((entry: unknown, index) => textOf(entry, reader, [...path, index]));
}

function countOf(value: unknown, reader: Reader, path: Path): number {
  const valid = typeof value === 'number' && Number.isInteger(value) && value >= 0;
  return valid ? value : fail(reader, path, 'a whole number is expected', 0);
}

function durationOf(value: unknown, reader: Reader, path: Path): number {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  return ms !== undefined && ms > 0 ? ms : fail(reader, path, 'a duration such as 20s is expected', 1000);
}

function sizeOf(value: unknown, reader: Reader, path: Path): number {
  const bytes = typeof value === 'string' || typeof value === 'number' ? wholeValue(value) : undefined;
  return bytes !== undefined && bytes > 0 ? bytes : fail(reader, path, 'a size such as 10Mi is expected', 1);
}

function unknownField(reader: Reader, name: string, known: readonly string[], path: Path = []): void {
  const meant = nearest(name, known);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  fail(reader, [...path, name], `there is no such field${hint}`, undefined, 'key');
}

function fail<T>({ document, file, findings }: Reader, path: Path, message: string, value?: T, of?: 'key'): T {
  findings.push({ severity: 'error', file, ...document.position(path, of), path: pathText(path), message });
  return value as T;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
