import { dirname, resolve } from 'node:path';
import type { Finding } from '../../base/diagnostics.ts';
import { UsageError } from '../../base/errors.ts';
import { nearest } from '../../kube/names.ts';
import { type Path, parseYaml, pathText, type YamlDocument } from '../../kube/yaml.ts';
import { agentConfigurationKind, agentConfigurationVersion, type StartAfterRule } from './configuration.ts';
import { type FieldReader, isMap, type Reading, textOf, textsOf } from './field-readers.ts';
import { kubeletConfigurationFields } from './kubelet-flags.ts';
import { settingFields } from './setting-fields.ts';
import { mergeParts, type SettingsPart } from './settings.ts';

/** What a file says, and fields of a kubelet's that mean nothing here. */
export type DecodedConfiguration = {
  readonly settings: SettingsPart;
  readonly ignoredFields: readonly string[];
};

type Fields = Readonly<Record<string, (reading: Reading) => SettingsPart | undefined>>;
type Source = { readonly document: YamlDocument; readonly file: string; readonly findings: Finding[] };

const kubeletVersion = 'kubelet.config.k8s.io/v1beta1';

/** Fields that only our own configuration has. */
const ownFields: Fields = {
  nodeName: field(textOf, (nodeName) => ({ nodeName })),
  nodeIP: field(textOf, (nodeIP) => ({ nodeIPs: nodeIPsOf(nodeIP) })),
  kubeconfig: field(textOf, (kubeconfig) => ({ kubeconfig })),
  bootstrapKubeconfig: field(textOf, (bootstrapKubeconfig) => ({ bootstrapKubeconfig })),
  certDirectory: field(textOf, (certDirectory) => ({ certDirectory })),
  runtime: runtimeOf,
  imageArchives: field(textsOf, (imageArchives) => ({ imageArchives })),
  podInfraContainerImage: field(textOf, (podInfraContainerImage) => ({ podInfraContainerImage })),
  startAfter: field(rulesOf, (startAfter) => ({ startAfter })),
};

/**
 * Reads the file of `--config`: our AgentConfiguration, a KubeletConfiguration, or a bare file with the kubelet's fields.
 * Paths in it are relative to its directory. Throws UsageError with all findings: a field that neither has is one.
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

/** One address, or one per family separated by a comma. */
export function nodeIPsOf(text: string): readonly string[] {
  return text.split(',').map((address) => address.trim());
}

function decodeFields(source: Source, value: Readonly<Record<string, unknown>>): DecodedConfiguration {
  const own = value.kind === agentConfigurationKind && value.apiVersion === agentConfigurationVersion;
  if (!own) checkKind(source, value);
  const fields: Fields = { ...kubeletFields(source.file), ...(own ? ownFields : {}) };
  const known = own ? ['apiVersion', 'kind', ...Object.keys(fields)] : kubeletConfigurationFields;
  let settings: SettingsPart = {};
  const ignoredFields: string[] = [];
  for (const [name, member] of Object.entries(value)) {
    // As an absent one, which is what it is for the kubelet.
    if (member === null) continue;
    const read = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (read !== undefined) settings = mergeParts(settings, read(readingOf(source, [name], member)) ?? {});
    else if (!known.includes(name)) unknownField(source, [name], known);
    else if (name !== 'apiVersion' && name !== 'kind') ignoredFields.push(name);
  }
  return { settings, ignoredFields };
}

function checkKind(source: Source, { kind, apiVersion }: Readonly<Record<string, unknown>>): void {
  if (kind !== undefined && kind !== 'KubeletConfiguration') {
    readingOf(source, ['kind'], kind).fail(`${String(kind)} is not a configuration of an agent`);
  } else if (apiVersion !== undefined && apiVersion !== kubeletVersion) {
    readingOf(source, ['apiVersion'], apiVersion).fail(`${kubeletVersion} is expected`);
  }
}

function kubeletFields(file: string): Fields {
  return Object.fromEntries(
    settingFields.flatMap(({ field: name, isPath, read }) => {
      if (name === undefined) return [];
      const absolute = (value: unknown) =>
        isPath === true && typeof value === 'string' && value !== '' ? resolve(dirname(file), value) : value;
      return [[name, (reading: Reading) => read({ ...reading, value: absolute(reading.value) })]];
    }),
  );
}

function field<T>(read: FieldReader<T>, set: (value: T) => SettingsPart): Fields[string] {
  return (reading) => {
    const value = read(reading);
    return value === undefined ? undefined : set(value);
  };
}

function runtimeOf(reading: Reading): SettingsPart | undefined {
  const { type = 'auto', endpoint, ...rest } = isMap(reading.value) ? reading.value : {};
  for (const name of Object.keys(rest)) reading.member(name, rest[name]).fail('there is no such field');
  if (type !== 'auto' && type !== 'docker' && type !== 'cri' && type !== 'process') {
    return void reading
      .member('type', type)
      .fail(`${String(type)} is no container runtime: auto, docker, cri or process`);
  }
  return {
    runtime: { type, endpoint: endpoint === undefined ? undefined : textOf(reading.member('endpoint', endpoint)) },
  };
}

function rulesOf(reading: Reading): readonly StartAfterRule[] | undefined {
  if (!Array.isArray(reading.value)) return void reading.fail('a list is expected');
  return reading.value.map((entry: unknown, index) => {
    const at = reading.member(index, entry);
    const { pods, url, caFile, ...rest } = isMap(entry) ? entry : {};
    for (const name of Object.keys(rest)) at.member(name, rest[name]).fail('there is no such field');
    return {
      pods: textsOf(at.member('pods', pods)) ?? [],
      url: textOf(at.member('url', url)) ?? '',
      ...(caFile === undefined ? {} : { caFile: textOf(at.member('caFile', caFile)) ?? '' }),
    };
  });
}

function readingOf(source: Source, path: Path, value: unknown): Reading {
  return {
    value,
    fail: (message) => fail(source, path, message),
    member: (name, member) => readingOf(source, [...path, name], member),
  };
}

function unknownField(source: Source, path: Path, known: readonly string[]): void {
  const meant = nearest(String(path.at(-1)), known);
  fail(source, path, `there is no such field${meant === undefined ? '' : `; did you mean ${meant}?`}`, 'key');
}

function fail({ document, file, findings }: Source, path: Path, message: string, of?: 'key'): void {
  findings.push({ severity: 'error', file, ...document.position(path, of), path: pathText(path), message });
}
