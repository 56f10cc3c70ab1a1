import { resolve } from 'node:path';
import { parseDuration } from '../base/duration.ts';
import { UsageError } from '../base/errors.ts';
import type { Host } from '../host/host.ts';
import { wholeValue } from '../kube/quantity.ts';
import { decodeConfiguration } from './decode-configuration.ts';
import { ignoredKubeletFlags } from './kubelet-flags.ts';
import { type AgentSettings, defaultSettings } from './settings.ts';

/** The options of `bootstrap agent` by their camel-case names. */
export type AgentFlags = Readonly<Record<string, unknown>>;

type SettingsHost = Pick<Host, 'readText' | 'hostname' | 'workingDirectory'>;
export type DecidedSettings = { readonly settings: AgentSettings; readonly warnings: readonly string[] };

/** How the agent is to run: flags over the file of `--config` over defaults. Throws UsageError for what is wrong in them. */
export async function decideSettings(host: SettingsHost, flags: AgentFlags): Promise<DecidedSettings> {
  const path = text(flags.config);
  const decoded = path === undefined ? undefined : await readConfiguration(host, path);
  const fromFile = decoded?.settings ?? {};
  const nodeIP = text(flags.nodeIp) ?? decoded?.nodeIP;
  const given = { ...fromFile, ...fromFlags(host, flags, fromFile) };
  const settings: AgentSettings = {
    ...defaultSettings,
    staticPodPath: undefined,
    nodeName: host.hostname().toLowerCase(),
    ...given,
    nodeIPs: nodeIP === undefined ? ['127.0.0.1'] : nodeIP.split(',').map((address) => address.trim()),
  };
  return { settings, warnings: [...warningsOf(flags), ...ignoredFieldsOf(path, decoded?.ignoredFields ?? [])] };
}

async function readConfiguration(host: SettingsHost, path: string) {
  const file = resolve(host.workingDirectory(), path);
  const content = await host.readText(file);
  if (content === undefined) throw new UsageError(`--config: ${file} is not there`);
  return decodeConfiguration(content, file);
}

function fromFlags(host: SettingsHost, flags: AgentFlags, file: Partial<AgentSettings>): Partial<AgentSettings> {
  const podPath = text(flags.podManifestPath);
  const name = text(flags.hostnameOverride);
  const archives = texts(flags.imageArchives);
  const image = text(flags.podInfraContainerImage);
  const files = text(flags.containerLogMaxFiles);
  return {
    ...(podPath === undefined ? {} : { staticPodPath: resolve(host.workingDirectory(), podPath) }),
    ...(name === undefined ? {} : { nodeName: name }),
    ...(archives === undefined ? {} : { imageArchives: archives }),
    ...(image === undefined ? {} : { podInfraContainerImage: image }),
    ...runtimeFlags(flags, file),
    ...healthzFlags(flags, file),
    ...(text(flags.fileCheckFrequency) === undefined
      ? {}
      : { fileCheckFrequencyMs: number('file-check-frequency', parseDuration(text(flags.fileCheckFrequency) ?? '')) }),
    ...(text(flags.containerLogMaxSize) === undefined
      ? {}
      : { containerLogMaxBytes: number('container-log-max-size', wholeValue(text(flags.containerLogMaxSize) ?? '')) }),
    ...(files === undefined ? {} : { containerLogMaxFiles: number('container-log-max-files', Number(files)) }),
  };
}

/** `--runtime` wins; a given endpoint is asked; then `--container-runtime=docker`; `remote` alone means nothing. */
function runtimeFlags(flags: AgentFlags, file: Partial<AgentSettings>): Partial<AgentSettings> {
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

function healthzFlags(flags: AgentFlags, file: Partial<AgentSettings>): Partial<AgentSettings> {
  const port = text(flags.healthzPort);
  const address = text(flags.healthzBindAddress);
  if (port === undefined && address === undefined) return {};
  const before = file.healthz ?? defaultSettings.healthz;
  return {
    healthz: {
      address: address ?? before.address,
      port: port === undefined ? before.port : number('healthz-port', Number(port)),
    },
  };
}

function warningsOf(flags: AgentFlags): readonly string[] {
  const ignored = ignoredKubeletFlags.filter((name) => flags[camelCase(name)] !== undefined);
  const later = ['manifest-url', 'kubeconfig', 'register-node'].filter((name) => flags[camelCase(name)] !== undefined);
  const cni = text(flags.networkPlugin) === 'cni' ? ['network-plugin'] : [];
  const all = [...ignored, ...later, ...cni].map((name) => `--${name}`);
  return all.length === 0 ? [] : [`these flags of the kubelet mean nothing here: ${all.join(', ')}`];
}

function ignoredFieldsOf(path: string | undefined, fields: readonly string[]): readonly string[] {
  return fields.length === 0 ? [] : [`${path}: these fields of the kubelet mean nothing here: ${fields.join(', ')}`];
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_dash, letter: string) => letter.toUpperCase());
}

function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function texts(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) && value.length > 0 ? value.map(String) : undefined;
}

function number(flag: string, value: number | undefined): number {
  if (value === undefined || !Number.isFinite(value) || value < 0) throw new UsageError(`--${flag}: not a valid value`);
  return value;
}
