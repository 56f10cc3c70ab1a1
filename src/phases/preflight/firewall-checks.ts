import { isLoopbackIp, parseIp } from '../../kube/cidr.ts';
import type { Check, CheckContext, Problem } from './check.ts';

/** A firewall that may keep other machines from the API server. */
type Firewall = {
  readonly name: string;
  readonly isActive: (context: CheckContext) => Promise<boolean>;
  readonly message: string;
  readonly hint: (port: number) => string;
};

const firewalls: readonly Firewall[] = [
  {
    name: 'Firewalld',
    isActive: async ({ host }) =>
      (await host.stat('/run/systemd/system')) !== undefined &&
      (await said(host, 'systemctl', ['is-active', 'firewalld'])) !== undefined,
    message: 'firewalld is active',
    hint: (port) => `firewall-cmd --add-port=${port}/tcp --permanent && firewall-cmd --reload`,
  },
  {
    name: 'Firewall',
    isActive: ufwIsActive,
    message: 'ufw is active',
    hint: (port) => `ufw allow ${port}/tcp`,
  },
  {
    name: 'Firewall',
    isActive: async (context) => !(await ufwIsActive(context)) && (await dropsByDefault(context)),
    message: 'the packet filter drops what no rule lets in',
    hint: (port) => `let port ${port} in: iptables -I INPUT -p tcp --dport ${port} -j ACCEPT, or the same for nft`,
  },
];

/** Each warns: whoever is on this machine alone needs no open port. */
export const firewallChecks: readonly Check[] = [{ name: 'Firewall', run: activeFirewalls }];

async function activeFirewalls(context: CheckContext): Promise<readonly Problem[]> {
  const { advertiseAddress, bindPort } = context.config.init.localAPIEndpoint;
  const address = parseIp(advertiseAddress);
  if (address !== undefined && isLoopbackIp(address)) return [];
  const active = await Promise.all(firewalls.map((firewall) => firewall.isActive(context)));
  return firewalls
    .filter((_firewall, index) => active[index])
    .map(({ name, message, hint }) => ({
      name,
      severity: 'warning',
      message: `${message}: port ${bindPort} must be open for other machines`,
      hint: hint(bindPort),
    }));
}

async function ufwIsActive({ host }: CheckContext): Promise<boolean> {
  return /^ENABLED=yes/m.test((await host.readText('/etc/ufw/ufw.conf').catch(() => undefined)) ?? '');
}

/** By what the kernel has, whichever program or service has put it there. */
async function dropsByDefault({ host }: CheckContext): Promise<boolean> {
  // To ask for a table that nobody uses would load its module.
  const tables = await host.readText('/proc/net/ip_tables_names').catch(() => undefined);
  const [nft, legacy] = await Promise.all([
    said(host, 'nft', ['list', 'chains']),
    tables?.includes('filter') === true ? said(host, 'iptables-legacy', ['-S', 'INPUT']) : undefined,
  ]);
  return /hook input [^}]*policy drop/.test(nft ?? '') || /^-P INPUT DROP/m.test(legacy ?? '');
}

/** What a program says; undefined when there is none, or it ends with an error. */
async function said(
  host: Pick<CheckContext['host'], 'findProgram' | 'run'>,
  program: string,
  args: readonly string[],
): Promise<string | undefined> {
  const path = await host.findProgram(program);
  if (path === undefined) return undefined;
  const { code, stdout } = await host.run(path, args, { timeoutMs: 2_000 }).catch(() => ({ code: -1, stdout: '' }));
  return code === 0 ? stdout : undefined;
}
