import type { Config } from '../types.ts';
import { isPort } from './common-rules.ts';
import type { Rule } from './rule.ts';

const portsArePorts: Rule = ({ bootstrap }, { BootstrapConfiguration: tell }) => {
  for (const [name, port] of Object.entries(bootstrap.ports)) {
    if (!isPort(port)) tell.error(['ports', name], `${port} is no port: 1 to 65535`);
  }
};

const portsDiffer: Rule = (config, { BootstrapConfiguration: tell }) => {
  const firstOf = new Map<number, string>([[config.init.localAPIEndpoint.bindPort, 'localAPIEndpoint.bindPort']]);
  for (const [name, port] of Object.entries(usedPorts(config))) {
    const first = firstOf.get(port);
    if (first === undefined) firstOf.set(port, `ports.${name}`);
    else tell.error(['ports', name], `${port} is taken by ${first}`);
  }
};

/** etcd's ports matter only where etcd is ours. */
function usedPorts({ bootstrap, cluster }: Config): Readonly<Record<string, number>> {
  const { etcdClient, etcdPeer, etcdMetrics, ...others } = bootstrap.ports;
  return cluster.etcd.local === undefined ? others : bootstrap.ports;
}

const runtimeEndpointIsAUnixSocket: Rule = ({ bootstrap }, { BootstrapConfiguration: tell }) => {
  const { type, endpoint } = bootstrap.runtime;
  if (endpoint === undefined) return;
  const path = ['runtime', 'endpoint'];
  if (!/^unix:\/\/\/./.test(endpoint))
    tell.error(path, `\`${endpoint}\` is no unix socket`, 'such as unix:///var/run/docker.sock');
  if (type === 'process') tell.error(path, 'has no meaning with runtime.type process');
};

const rolloutIsSensible: Rule = ({ bootstrap }, { BootstrapConfiguration: tell }) => {
  const { healthTimeoutMs, settleMs, keepRevisions } = bootstrap.rollout;
  if (healthTimeoutMs <= 0) tell.error(['rollout', 'healthTimeout'], 'must be longer than 0s');
  if (settleMs < 0) tell.error(['rollout', 'settle'], 'must not be negative');
  if (keepRevisions < 1) tell.error(['rollout', 'keepRevisions'], 'must be 1 or more');
};

/** What must hold of the BootstrapConfiguration. */
export const bootstrapRules: readonly Rule[] = [
  portsArePorts,
  portsDiffer,
  runtimeEndpointIsAUnixSocket,
  rolloutIsSensible,
];
