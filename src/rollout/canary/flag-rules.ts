import { basename, join } from 'node:path';
import { type CommandLine, flagValue } from '../../manifests/command-line.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { type Scratch, scratchOf, scratchServer } from './scratch.ts';

/** A flag that says where a component listens, writes or whom it asks. */
export type FlagRule = {
  readonly flag: string;
  /** `given`: left alone where the command line does not say it. */
  readonly when: 'always' | 'given';
  /** The value for the canary; undefined = without the flag. */
  readonly to: (
    values: readonly string[],
    about: { readonly scratch: Scratch; readonly line: CommandLine },
  ) => string | undefined;
};

type To = FlagRule['to'];

const always = (flag: string, to: To): FlagRule => ({ flag, when: 'always', to });
const given = (flag: string, to: To): FlagRule => ({ flag, when: 'given', to });
const without: To = () => undefined;

const below =
  (component: ComponentName, name: string): To =>
  (_values, { scratch }) =>
    join(scratchOf(scratch, component), name);

const port =
  (name: keyof Scratch['ports']): To =>
  (_values, { scratch }) =>
    String(scratch.ports[name]);

const everywhere = new Set(['', '0.0.0.0', '::', '::0']);

/** Only the loopback; an address that is not this machine's stays, so that it is refused. */
const bindAddress: To = ([...values], { scratch }) => {
  const value = values.at(-1) ?? '';
  return everywhere.has(value) || scratch.addresses.includes(value) ? '127.0.0.1' : value;
};

/** A copy that names the canaries' API server; see file-copies.ts. */
const copy: To = (values, { scratch }) => {
  const value = values.at(-1) ?? '';
  return scratch.files.get(value) ?? value;
};

/** The scheme is part of what is tried; several URLs become one. */
const url =
  (name: keyof Scratch['ports'], scheme?: 'http'): To =>
  (values, { scratch }) =>
    `${scheme ?? schemeOf(values)}://127.0.0.1:${scratch.ports[name]}`;

function schemeOf(values: readonly string[]): string {
  return /^(\w+):\/\//.exec(values[0] ?? '')?.[1] ?? 'http';
}

/** `name=url` of this member alone: the other members know nothing of a canary. */
const initialCluster: To = (values, about) => {
  const members = values.join(',').split(',').filter(Boolean);
  const name = flagValue(about.line, '--name') ?? 'default';
  const own = members.find((member) => member.startsWith(`${name}=`)) ?? members[0] ?? `${name}=`;
  const peers = about.line.flags.get('--initial-advertise-peer-urls') ?? [own.slice(own.indexOf('=') + 1)];
  return `${own.slice(0, own.indexOf('='))}=${url('etcdPeer')(peers, about)}`;
};

/** Files become one of ours; lines must reach us too. */
const logOutputs: To = (values, { scratch }) => {
  const outputs = values.flatMap((value) => value.split(','));
  const plain = outputs.filter((output) => ['default', 'stdout', 'stderr'].includes(output));
  const files = outputs.filter((output) => !plain.includes(output)).map((output) => basename(output));
  const moved = files.map((name) => join(scratchOf(scratch, 'etcd'), name));
  return [...moved, ...(plain.length === 0 ? ['stderr'] : plain)].join(',');
};

const etcdServer = ({ etcdScheme, ports }: Scratch) => `${etcdScheme}://127.0.0.1:${ports.etcdClient}`;

/** `group/resource#server;server`, each with the one server that canaries have. */
const etcdOverrides: To = (values, { scratch }) => {
  const overrides = values.flatMap((value) => value.split(',')).filter(Boolean);
  return overrides.map((override) => override.replace(/#.*$/s, `#${etcdServer(scratch)}`)).join(',');
};

/** `-` is the standard output. */
const auditLog: To = (values, { scratch }) =>
  values.at(-1) === '-' ? '-' : join(scratchOf(scratch, 'kube-apiserver'), 'audit.log');

/** Goes over every kubeconfig: also where a configuration file cannot be read by us, the real API server is not asked. */
const master: To = (values, { scratch, line }) => {
  const config = flagValue(line, '--config');
  const isUnread = config !== undefined && !scratch.files.has(config);
  return values.length > 0 || isUnread ? scratchServer(scratch) : undefined;
};

/** An empty cluster costs a controller manager some hundred requests before it is ready; what is no number is refused. */
const manyRequests: To = ([...values]) => {
  const value = values.at(-1) ?? '0';
  return Number.isFinite(Number(value)) ? '1000' : value;
};

const loopbackServer = (component: ComponentName, name: keyof Scratch['ports']): readonly FlagRule[] => [
  always('--secure-port', port(name)),
  always('--bind-address', bindAddress),
  given('--cert-dir', below(component, 'certs')),
  given('--kubeconfig', copy),
  given('--authentication-kubeconfig', copy),
  given('--authorization-kubeconfig', copy),
  always('--master', master),
];

/**
 * All that differs between a component's command line and its canary's (Kubernetes v1.37.2 and etcd v3.7.0, `--help` of
 * each): ports, what is written, and whom it asks. Everything else is tried as it is.
 */
export const flagRules: Readonly<Record<ComponentName, readonly FlagRule[]>> = {
  etcd: [
    always('--data-dir', below('etcd', 'data')),
    given('--wal-dir', below('etcd', 'wal')),
    always('--listen-client-urls', url('etcdClient')),
    given('--listen-client-http-urls', url('etcdHttp')),
    always('--advertise-client-urls', url('etcdClient')),
    always('--listen-peer-urls', url('etcdPeer')),
    always('--initial-advertise-peer-urls', url('etcdPeer')),
    always('--initial-cluster', initialCluster),
    always('--listen-metrics-urls', url('etcdMetrics', 'http')),
    given('--initial-cluster-state', () => 'new'),
    given('--force-new-cluster', without),
    given('--discovery', without),
    given('--discovery-srv', without),
    given('--discovery-srv-name', without),
    given('--discovery-token', without),
    given('--discovery-endpoints', without),
    given('--log-outputs', logOutputs),
  ],
  'kube-apiserver': [
    always('--secure-port', port('apiServer')),
    always('--bind-address', bindAddress),
    always('--etcd-servers', (_values, { scratch }) => etcdServer(scratch)),
    given('--etcd-servers-overrides', etcdOverrides),
    given('--audit-log-path', auditLog),
    given('--audit-webhook-config-file', copy),
    always('--cert-dir', below('kube-apiserver', 'certs')),
  ],
  'kube-controller-manager': [
    ...loopbackServer('kube-controller-manager', 'controllerManager'),
    always('--kube-api-qps', manyRequests),
    always('--kube-api-burst', manyRequests),
  ],
  'kube-scheduler': [...loopbackServer('kube-scheduler', 'scheduler'), given('--config', copy)],
};
