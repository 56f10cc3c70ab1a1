import type { Host } from '../../host/host.ts';
import { hostPort } from '../../kube/cidr.ts';
import type { Check, CheckContext, Problem } from './check.ts';

/** Checks of names and proxies; all of them only warn. */
export const networkChecks: readonly Check[] = [
  { name: 'Hostname', run: hostname },
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
  { name: 'ResolvConf', run: resolvers },
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

async function hostname({ host, config }: CheckContext): Promise<readonly Problem[]> {
  const { name } = config.init.nodeRegistration;
  const severity = 'warning';
  const hint = `hostnamectl set-hostname NAME, or --node-name`;
  if (name === 'localhost' || name.startsWith('localhost.')) {
    return [{ severity, message: `the node name "${name}" is every machine's: two nodes would be one`, hint }];
  }
  if ((await host.resolve(name)).length > 0) return [];
  const { advertiseAddress } = config.init.localAPIEndpoint;
  return [
    {
      severity,
      message: `the node name "${name}" does not resolve to an address`,
      hint: `echo "${advertiseAddress} ${name}" >>/etc/hosts`,
    },
  ];
}

/** More are not asked (glibc MAXNS), and the kubelet leaves them out with an event. */
const mostServers = 3;

/** A server on this machine's localhost is nobody in a pod: CoreDNS would ask itself, over and over (its plugin loop). */
async function resolvers({ host }: CheckContext): Promise<readonly Problem[]> {
  const file = '/etc/resolv.conf';
  const text = (await host.readText(file)) ?? '';
  const servers = [...text.matchAll(/^\s*nameserver\s+(\S+)/gm)].map(([, server = '']) => server);
  const severity = 'warning';
  const local = servers.find((server) => server.startsWith('127.') || server === '::1');
  if (local !== undefined) {
    const resolved = '/run/systemd/resolve/resolv.conf';
    const real = (await host.stat(resolved)) === undefined ? 'a file with the real servers' : resolved;
    const message = `${file} names ${local}: CoreDNS on this machine would ask itself in a loop`;
    return [{ severity, message, hint: `set resolvConf of the KubeletConfiguration to ${real}` }];
  }
  if (servers.length <= mostServers) return [];
  const message = `${file} names ${servers.length} servers, of which pods get the first ${mostServers}`;
  return [{ severity, message, hint: 'leave the others out' }];
}
