import type { Host } from '../../host/host.ts';
import { hostPort } from '../../kube/cidr.ts';
import type { Check, CheckContext, Problem } from './check.ts';

/** Checks of names, proxies and firewalls; all of them only warn. */
export const networkChecks: readonly Check[] = [
  {
    name: 'Hostname',
    run: async ({ host, config }) => {
      const { name } = config.init.nodeRegistration;
      if ((await host.resolve(name)).length > 0) return [];
      return [{ severity: 'warning', message: `the node name "${name}" does not resolve to an address` }];
    },
  },
  {
    name: 'HTTPProxy',
    run: ({ host, config }) => {
      const { advertiseAddress, bindPort } = config.init.localAPIEndpoint;
      const proxy = proxyFor(host, advertiseAddress);
      if (proxy === undefined) return [];
      return [viaProxy(`https://${hostPort(advertiseAddress, bindPort)}`, proxy, advertiseAddress)];
    },
  },
  {
    name: 'HTTPProxyCIDR',
    run: ({ host, config }) => {
      const { serviceSubnet, podSubnet } = config.cluster.networking;
      const subnets = [serviceSubnet, podSubnet ?? ''].flatMap((text) => text.split(',')).filter((text) => text !== '');
      return subnets.flatMap((subnet) => {
        const proxy = proxyFor(host, subnet.split('/')[0] ?? '');
        return proxy === undefined ? [] : [viaProxy(subnet, proxy, subnet)];
      });
    },
  },
  { name: 'Firewalld', run: firewalld },
];

function viaProxy(what: string, proxy: string, exception: string): Problem {
  return {
    severity: 'warning',
    message: `requests to ${what} would go through the proxy ${withoutPassword(proxy)}`,
    hint: `add ${exception} to NO_PROXY`,
  };
}

/** The proxy that a Go program would use for https to this address (golang.org/x/net/http/httpproxy). */
function proxyFor(host: Pick<Host, 'env'>, address: string): string | undefined {
  const proxy = host.env('HTTPS_PROXY') || host.env('https_proxy');
  if (!proxy || address === 'localhost' || address.startsWith('127.') || address === '::1') return undefined;
  const exceptions = (host.env('NO_PROXY') || host.env('no_proxy') || '').split(',').map((text) => text.trim());
  return exceptions.some((exception) => excepts(exception, address)) ? undefined : proxy;
}

function excepts(exception: string, address: string): boolean {
  if (exception === '*' || exception === address) return true;
  if (exception.includes('/')) return inSubnet(address, exception);
  return exception !== '' && address.endsWith(exception.startsWith('.') ? exception : `.${exception}`);
}

function inSubnet(address: string, subnet: string): boolean {
  const [network = '', bits = ''] = subnet.split('/');
  const [a, b] = [ipv4Number(address), ipv4Number(network)];
  if (a === undefined || b === undefined) return false;
  const shift = 2 ** (32 - Number(bits));
  return Math.floor(a / shift) === Math.floor(b / shift);
}

function ipv4Number(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  return parts.reduce((total, part) => total * 256 + part, 0);
}

function withoutPassword(proxy: string): string {
  return proxy.replace(/\/\/[^@/]*@/, '//');
}

async function firewalld({ host, config }: CheckContext): Promise<readonly Problem[]> {
  if ((await host.stat('/run/systemd/system')) === undefined) return [];
  const systemctl = await host.findProgram('systemctl');
  if (systemctl === undefined) return [];
  const active = await host.run(systemctl, ['is-active', 'firewalld'], { timeoutMs: 5_000 });
  if (active.code !== 0) return [];
  return [
    {
      severity: 'warning',
      message: `firewalld is active: port ${config.init.localAPIEndpoint.bindPort} must be open for other machines`,
      hint: `firewall-cmd --add-port=${config.init.localAPIEndpoint.bindPort}/tcp --permanent && firewall-cmd --reload`,
    },
  ];
}
