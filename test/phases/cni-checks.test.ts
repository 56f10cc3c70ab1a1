import assert from 'node:assert/strict';
import { test } from 'node:test';
import { preflightFindings } from '../../src/phases/preflight.ts';
import type { NetworkState } from '../../src/runtime/runtime.ts';
import { aConfig } from '../fakes/builders.ts';
import { aHost, anInitContext } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

type Change = Parameters<typeof anInitContext>[0];

const plugins = (directory: string) =>
  Object.fromEntries(
    ['bridge', 'host-local', 'portmap', 'firewall', 'loopback'].map((name) => [`${directory}/${name}`, '']),
  );
const machine = (files: Readonly<Record<string, string>>, change: Parameters<typeof aHost>[1] = {}) =>
  aHost(new MemoryHost(files), { findProgram: async () => '/usr/sbin/iptables', ...change });

async function found(network: NetworkState, change: Change = {}): Promise<readonly string[]> {
  const runtime = {
    version: async () => ({ name: 'containerd', version: '1.6.20', apiVersion: 'v1' }),
    observePods: async () => [],
    network: async () => network,
  };
  const context = anInitContext({
    runtimeType: async () => ({ type: 'cri', endpoint: undefined }),
    runtime: async () => runtime as never,
    host: machine({}),
    ...change,
  });
  const findings = await preflightFindings(context);
  return findings
    .filter(({ check }) => check === 'CNI')
    .map(({ severity, message, hint }) => `${severity}: ${message} (${hint})`);
}

const ready = { configDirectory: '/etc/cni/net.d', pluginDirectory: '/opt/cni/bin' };
const asked = { cni: 'bridge' } as const;

test('a runtime without a network only warns: the control plane needs none', async () => {
  const [warning, ...others] = await found({ ...ready, problem: 'NetworkReady=false reason:R message:M' });
  assert.match(warning ?? '', /^warning: .*no network for pods: NetworkReady=false .*only pods on the host network/);
  assert.match(warning ?? '', /init --cni bridge writes/);
  assert.deepEqual(others, []);
  assert.deepEqual(await found(ready), []);
});

test('with --cni a runtime that has no network yet is as it should be, when the plugins are there', async () => {
  const host = machine(plugins('/opt/cni/bin'));
  assert.deepEqual(await found({ ...ready, problem: 'NetworkReady=false' }, { ...asked, host }), []);
});

test('plugins that are missing refuse, and it is said where they are or which package has them', async () => {
  const nowhere = machine({ '/opt/cni/bin/bridge': '' });
  assert.deepEqual(await found(ready, { ...asked, host: nowhere }), [
    'error: /opt/cni/bin: there is no CNI plugin host-local, portmap, firewall, loopback (install the package containernetworking-plugins)',
  ]);
  const [elsewhere] = await found(ready, { ...asked, host: machine(plugins('/usr/lib/cni')) });
  assert.match(elsewhere ?? '', /they are in \/usr\/lib\/cni: tell the runtime that directory/);
});

test('a runtime that does not say where its plugins are is believed to find them in one of the usual places', async () => {
  assert.deepEqual(await found({}, { ...asked, host: machine(plugins('/usr/lib/cni')) }), []);
  assert.match(
    (await found({}, asked)).join(),
    /\/opt\/cni\/bin, \/usr\/lib\/cni, \/usr\/libexec\/cni: there is no CNI/,
  );
});

test('a runtime that looks elsewhere for configurations, and a machine without iptables, are warned of', async () => {
  const host = machine(plugins('/opt/cni/bin'), { findProgram: async () => undefined });
  const said = await found({ ...ready, configDirectory: '/srv/net.d' }, { ...asked, host });
  assert.match(said[0] ?? '', /^warning: .*in \/srv\/net\.d, not in \/etc\/cni\/net\.d/);
  assert.match(said[1] ?? '', /^warning: there is no iptables/);
});

test('addresses that the machine or the services have are refused', async () => {
  const config = aConfig();
  const networking = { ...config.cluster.networking, serviceSubnet: '10.244.0.0/16' };
  const lan = { name: 'eth0', address: '10.244.0.7', family: 4 as const, loopback: false };
  const own = { ...lan, name: 'cni0', address: '10.244.0.1' };
  const host = machine(plugins('/opt/cni/bin'), { addresses: () => [own, lan] });
  const overlapping = { ...config, cluster: { ...config.cluster, networking } };
  const hint = 'choose another range with --pod-network-cidr';
  assert.deepEqual(await found(ready, { ...asked, host, config: overlapping }), [
    `error: the pods' network 10.244.0.0/24 overlaps serviceSubnet 10.244.0.0/16 (${hint})`,
    `error: the pods' network 10.244.0.0/24 holds 10.244.0.7 of eth0 (${hint})`,
  ]);
});

test('where another’s network is kept, nothing is asked of plugins or ranges', async () => {
  const host = machine({ '/etc/cni/net.d/05-cilium.conflist': '{}' });
  assert.deepEqual(await found(ready, { ...asked, host }), []);
});

test('a runtime with a network of its own is said not to read the configuration', async () => {
  const said = await found({}, { ...asked, runtimeType: async () => ({ type: 'docker', endpoint: undefined }) });
  assert.deepEqual(said, ['warning: --cni is for a CRI runtime: docker does not read the configuration (undefined)']);
});
