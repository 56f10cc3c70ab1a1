import { holderOf } from '../../host/listeners.ts';
import { lostAddress, lostAddressText } from '../../kube/own-addresses.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { Check, CheckContext, Problem } from './check.ts';

type WantedPort = {
  readonly component: ComponentName | 'agent';
  readonly port: number;
  /** Where it will listen. */
  readonly address: string;
  /** The flag of a running one that says which port it has. */
  readonly flag: string;
};

/** Every port is tried by listening on it as its component will. */
export const portChecks: readonly Check[] = [
  { name: 'AdvertiseAddress', run: addressHasChanged },
  {
    name: 'Port',
    run: async (context) => {
      const problems: Problem[] = [];
      for (const wanted of wantedPorts(context)) {
        if (isOurs(context, wanted)) continue;
        const code = await context.host.tryListen(wanted.address, wanted.port);
        // A machine without IPv6 cannot listen on "::"; the component then takes 0.0.0.0.
        if (code === undefined || code === 'EAFNOSUPPORT') continue;
        problems.push(await problemOf(context, wanted, code));
      }
      return problems;
    },
  },
];

/** Certificates that are there would be refused one by one, with less help. */
async function addressHasChanged({ host, config, own }: CheckContext): Promise<readonly Problem[]> {
  const flags = own.manifests.find(({ component }) => component === 'kube-apiserver')?.flags;
  const former = flags?.['advertise-address'];
  if (former === undefined || former === config.init.localAPIEndpoint.advertiseAddress) return [];
  const lost = await lostAddress(host, former);
  if (lost === undefined) return [];
  const message = `this control plane is made for an address that is gone: ${lostAddressText(lost)}`;
  return [{ message, hint: 'bootstrap apply fits it to the present one' }];
}

function wantedPorts({ config }: CheckContext): readonly WantedPort[] {
  const { ports } = config.bootstrap;
  const { advertiseAddress, bindPort } = config.init.localAPIEndpoint;
  const loopback = advertiseAddress.includes(':') ? '::1' : '127.0.0.1';
  const bindAddress = (component: 'apiServer' | 'controllerManager' | 'scheduler') =>
    config.cluster[component].extraArgs.findLast(({ name }) => name === 'bind-address')?.value;
  const control: readonly WantedPort[] = [
    {
      component: 'kube-apiserver',
      port: bindPort,
      address: bindAddress('apiServer') ?? (advertiseAddress.includes(':') ? '::' : '0.0.0.0'),
      flag: 'secure-port',
    },
    {
      component: 'kube-controller-manager',
      port: ports.controllerManager,
      address: bindAddress('controllerManager') ?? loopback,
      flag: 'secure-port',
    },
    {
      component: 'kube-scheduler',
      port: ports.scheduler,
      address: bindAddress('scheduler') ?? loopback,
      flag: 'secure-port',
    },
    { component: 'agent', port: ports.agentHealth, address: '127.0.0.1', flag: '' },
  ];
  if (config.cluster.etcd.local === undefined) return control;
  const etcd = (port: number, address: string, flag: string) => ({ component: 'etcd' as const, port, address, flag });
  return [
    ...control,
    etcd(ports.etcdClient, loopback, 'listen-client-urls'),
    ...(advertiseAddress === loopback ? [] : [etcd(ports.etcdClient, advertiseAddress, 'listen-client-urls')]),
    etcd(ports.etcdPeer, advertiseAddress, 'listen-peer-urls'),
    etcd(ports.etcdMetrics, loopback, 'listen-metrics-urls'),
  ];
}

/** Held by the control plane that an earlier init made here, and which this one keeps. */
function isOurs({ own }: CheckContext, wanted: WantedPort): boolean {
  if (wanted.component === 'agent') return own.agentRuns;
  if (!own.running.has(wanted.component)) return false;
  const flags = own.manifests.find(({ component }) => component === wanted.component)?.flags ?? {};
  const said = flags[wanted.flag] ?? (wanted.flag === 'secure-port' ? String(wanted.port) : '');
  return said === String(wanted.port) || said.split(',').some((url) => url.endsWith(`:${wanted.port}`));
}

async function problemOf({ host }: CheckContext, wanted: WantedPort, code: string): Promise<Problem> {
  const name = `Port-${wanted.port}`;
  if (code === 'EADDRNOTAVAIL') {
    return {
      name,
      message: `${wanted.component} cannot listen on ${wanted.address}: no interface of this machine has that address`,
      hint: 'give one of its own with --apiserver-advertise-address',
    };
  }
  if (code === 'EACCES') {
    return {
      name,
      message: `port ${wanted.port} of ${wanted.component} is not allowed to this user`,
      hint: 'choose one above 1023',
    };
  }
  const holder = holderOf(await host.listeners(wanted.port));
  return {
    name,
    message: `port ${wanted.port} of ${wanted.component} is in use${holder === undefined ? '' : ` by ${holder}`}${code === 'EADDRINUSE' ? '' : ` (${code})`}`,
    hint: `end that program${holder === undefined ? ` (find it with: ss -ltnp sport = :${wanted.port})` : ''}, or choose another port`,
  };
}
