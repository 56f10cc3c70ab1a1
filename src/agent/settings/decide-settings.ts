import { resolve } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import type { RuntimeType } from '../../runtime/runtime.ts';
import { type DecodedConfiguration, decodeConfiguration, nodeIPsOf } from './decode-configuration.ts';
import type { Reading } from './field-readers.ts';
import { flagValue } from './flag-values.ts';
import { ignoredKubeletFlags } from './kubelet-flags.ts';
import { nodeAddresses } from './node-addresses.ts';
import { type SettingField, settingFields } from './setting-fields.ts';
import { type AgentSettings, defaultSettings, mergeParts, type SettingsPart } from './settings.ts';

/** The options of `bootstrap agent` by their camel-case names. */
export type AgentFlags = Readonly<Record<string, unknown>>;

type SettingsHost = Pick<Host, 'readText' | 'workingDirectory'> & Parameters<typeof nodeAddresses>[0];
export type DecidedSettings = {
  readonly settings: AgentSettings;
  /** What is to be said of flags and fields, on the runtime that is taken. */
  warnings(runtime: RuntimeType): readonly string[];
};

/** How the agent is to run: flags over the file of `--config` over defaults. Throws UsageError for what is wrong in them. */
export async function decideSettings(host: SettingsHost, flags: AgentFlags): Promise<DecidedSettings> {
  const path = text(flags.config);
  const decoded = path === undefined ? undefined : await readConfiguration(host, path);
  const fromFile = decoded?.settings ?? {};
  const { dns, ...given } = mergeParts(fromFile, fromFlags(host, flags), runtimeFlags(flags, fromFile));
  const settings: AgentSettings = {
    ...defaultSettings,
    nodeName: host.hostname().toLowerCase(),
    // A cluster must be able to reach its nodes; without one nobody asks.
    nodeIPs: given.kubeconfig !== undefined && given.nodeIPs === undefined ? await nodeAddresses(host) : ['127.0.0.1'],
    ...given,
    dns: { ...defaultSettings.dns, ...dns },
  };
  const file = { path, ignored: decoded?.ignoredFields ?? [] };
  return { settings, warnings: (runtime) => warningsOf(flags, settings, { file, runtime }) };
}

async function readConfiguration(host: SettingsHost, path: string): Promise<DecodedConfiguration> {
  const file = resolve(host.workingDirectory(), path);
  const content = await host.readText(file);
  if (content === undefined) throw new UsageError(`--config: ${file} is not there`);
  return decodeConfiguration(content, file);
}

function fromFlags(host: SettingsHost, flags: AgentFlags): SettingsPart {
  const nodeIP = text(flags.nodeIp);
  const parts = settingFields.map((row) => fromFlag(host, row, flags));
  return mergeParts({}, ...parts, nodeIP === undefined ? {} : { nodeIPs: nodeIPsOf(nodeIP) });
}

function fromFlag(host: SettingsHost, row: SettingField, flags: AgentFlags): SettingsPart {
  const { flag, form, isPath } = row;
  const value = flag === undefined ? undefined : flagValue(form, flags[camelCase(flag)]);
  if (value === undefined || value === '') return {};
  const absolute = isPath === true ? resolve(host.workingDirectory(), String(value)) : value;
  return row.read(flagReading(`--${flag}`, absolute)) ?? {};
}

function flagReading(name: string, value: unknown): Reading {
  return {
    value,
    fail: (message) => {
      throw new UsageError(`${name}: ${message}`);
    },
    member: (_name, member) => flagReading(name, member),
  };
}

/** `--runtime` wins; a given endpoint is asked; then `--container-runtime=docker`; `remote` alone means nothing. */
function runtimeFlags(flags: AgentFlags, file: SettingsPart): SettingsPart {
  const type = text(flags.runtime);
  const endpoint = text(flags.containerRuntimeEndpoint);
  if (type !== undefined && type !== 'auto' && type !== 'docker' && type !== 'cri' && type !== 'process') {
    throw new UsageError(`--runtime: ${type} is not one of auto, docker, cri, process`);
  }
  if (type !== undefined) return { runtime: { type, endpoint: endpoint ?? file.runtime?.endpoint } };
  if (endpoint !== undefined) return { runtime: { type: 'auto', endpoint } };
  if (text(flags.containerRuntime) === 'docker') return { runtime: { type: 'docker', endpoint: undefined } };
  return {};
}

function warningsOf(
  flags: AgentFlags,
  settings: AgentSettings,
  about: {
    readonly file: { readonly path: string | undefined; readonly ignored: readonly string[] };
    readonly runtime: RuntimeType;
  },
): readonly string[] {
  const { file, runtime } = about;
  const given = ignoredKubeletFlags.filter((name) => flags[camelCase(name)] !== undefined);
  // Off cri there is no network plugin to ask.
  const cni = text(flags.networkPlugin) === 'cni' && runtime !== 'cri' ? ['network-plugin'] : [];
  const all = [...given, ...cni].map((name) => `--${name}`);
  const open = settings.readOnlyPort === 0 ? [] : [openPort(settings)];
  return [
    ...(all.length === 0 ? [] : [`these flags of the kubelet mean nothing here: ${all.join(', ')}`]),
    ...(file.ignored.length === 0
      ? []
      : [`${file.path}: these fields of the kubelet mean nothing here: ${file.ignored.join(', ')}`]),
    ...open,
  ];
}

function openPort({ address, readOnlyPort }: AgentSettings): string {
  return `readOnlyPort: whoever reaches ${address} port ${readOnlyPort} reads every pod with its environment, without a password`;
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_dash, letter: string) => letter.toUpperCase());
}

function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
