import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { preflightFindings } from '../../../src/phases/preflight.ts';
import { aConfig } from '../../fakes/builders.ts';
import { aHost, aManifest, anInitContext } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

type Files = Readonly<Record<string, string>>;
type Change = Parameters<typeof anInitContext>[0];
type HostChange = Parameters<typeof aHost>[1];

const aRuntime = (type: string) => ({
  runtimeType: async () => ({ type, endpoint: undefined }) as never,
  runtime: async () => ({ version: async () => ({}), observePods: async () => [], network: async () => ({}) }) as never,
});

async function found(files: Files, change: Change = {}, host: HostChange = {}): Promise<readonly string[]> {
  const memory = new MemoryHost(files);
  // What /proc gives is no link on this disk.
  const readLink = async (path: string) => (path.endsWith('/ns/mnt') ? 'mnt:[1]' : undefined);
  const context = anInitContext({ ...aRuntime('docker'), host: aHost(memory, { readLink, ...host }), ...change });
  const findings = await preflightFindings(context);
  for (const { message, hint } of findings) assert.ok(hint, `"${message}" has no remedy`);
  return findings.map(({ severity, check }) => `${severity} ${check}`);
}

/** A program that runs, as /proc shows it. */
const program = (pid: number, name: string): Files => ({ [`/proc/${pid}/comm`]: `${name}\n` });
const systemd: Files = { '/run/systemd/system/.there': '' };

describe('preflight of a real machine says, with a remedy each,', () => {
  const cases: readonly (readonly [what: string, files: Files, expected: readonly string[]])[] = [
    ['nothing where all is well', { '/proc/sys/net/ipv4/ip_forward': '1\n' }, []],
    ['that swap is on', { '/proc/swaps': 'Filename\tType\n/dev/sda2 partition\n' }, ['warning Swap']],
    ['that memory is taken', { '/proc/meminfo': 'MemTotal: 4000000 kB\nMemAvailable:  300000 kB\n' }, ['warning Mem']],
    [
      'that pods off the host network are not routed',
      { '/proc/sys/net/ipv4/ip_forward': '0\n', '/proc/sys/net/ipv6/conf/default/forwarding': '0\n' },
      ['warning FileContent--proc-sys-net-ipv4-ip_forward'],
    ],
    [
      'that cgroups are v1',
      { '/proc/cgroups': ['cpuset', 'cpu', 'memory', 'pids'].map((name) => `${name}\t1\t1\t1\n`).join('') },
      ['warning SystemVerification'],
    ],
    [
      'which controller is not there',
      { '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io pids\n' },
      ['warning SystemVerification'],
    ],
    ['nothing of complete cgroups v2', { '/sys/fs/cgroup/cgroup.controllers': 'cpuset cpu io memory pids\n' }, []],
    ['that overlay cannot be had', { '/proc/filesystems': '\text4\n' }, ['warning KernelModule-overlay']],
    [
      'nothing of an overlay that is still to be loaded',
      {
        '/proc/filesystems': '\text4\n',
        '/proc/sys/kernel/osrelease': '6.1.0\n',
        '/lib/modules/6.1.0/modules.dep': 'kernel/fs/overlayfs/overlay.ko:\n',
      },
      [],
    ],
    ['that nobody keeps the clock', systemd, ['warning TimeSync']],
    ['nothing where somebody keeps it', { ...systemd, ...program(7, 'chronyd') }, []],
    ['that no time server was reached', { ...systemd, ...program(7, 'systemd-timesyn') }, ['warning TimeSync']],
    [
      'nothing once one was',
      { ...systemd, ...program(7, 'systemd-timesyn'), '/run/systemd/timesync/synchronized': '' },
      [],
    ],
    [
      'that names are asked of this machine itself',
      { '/etc/resolv.conf': 'nameserver 127.0.0.53\n' },
      ['warning ResolvConf'],
    ],
    [
      'that there are too many name servers',
      { '/etc/resolv.conf': 'nameserver 192.0.2.1\n'.repeat(4) },
      ['warning ResolvConf'],
    ],
    ['that ufw is active', { '/etc/ufw/ufw.conf': 'ENABLED=yes\n' }, ['warning Firewall']],
    ['that a kubelet runs', program(9, 'kubelet'), ['warning Kubelet']],
    [
      'what other clusters left',
      {
        '/var/lib/rancher/k3s/server/token': '',
        '/etc/kubernetes/kubelet.conf': '',
        '/sys/class/net/cni0/mtu': '1500',
      },
      [
        'warning Leftovers--etc-kubernetes-kubelet.conf',
        'warning Leftovers--var-lib-rancher-k3s',
        'warning Leftovers--sys-class-net-cni0',
      ],
    ],
  ];
  for (const [what, files, expected] of cases) {
    it(what, async () => assert.deepEqual(await found(files), expected));
  }

  it('that the clock is behind this program', async () => {
    const memory = new MemoryHost();
    memory.nowMs = Date.UTC(2026, 8, 1);
    memory.seed('/usr/bin/bootstrap', '');
    const stat = memory.stat.bind(memory);
    assert.deepEqual(await found({}, {}, { selfCommand: () => ['/usr/bin/bootstrap'], stat }), ['warning TimeSync']);
  });

  it('what fault each firewall has, and nothing of one for a loopback address', async () => {
    const says: HostChange = {
      findProgram: async (name) => `/usr/sbin/${name}`,
      run: async (command) => ({
        code: command.endsWith('systemctl') ? 3 : 0,
        stdout: command.endsWith('nft') ? 'chain INPUT {\n  type filter hook input priority 0; policy drop;\n}\n' : '',
        stderr: '',
      }),
    };
    assert.deepEqual(await found({}, {}, says), ['warning Firewall']);
    const active: HostChange = { ...says, run: async () => ({ code: 0, stdout: '', stderr: '' }) };
    const clock = program(7, 'chronyd');
    assert.deepEqual(await found({ ...systemd, ...clock }, {}, active), ['warning Firewalld']);
    const config = aConfig((base) => ({
      ...base,
      init: { ...base.init, localAPIEndpoint: { advertiseAddress: '127.0.0.1', bindPort: 6443 } },
    }));
    assert.deepEqual(await found({}, { config }, says), []);
  });

  it('that the disk of etcd is slow, unless its etcd is elsewhere or nothing may be written', async () => {
    const latencies = Array.from({ length: 100 }, (_, index) => (index < 98 ? 1 : 42));
    const slow: Change = { syncLatencies: async () => latencies };
    assert.deepEqual(await found({}, slow), ['warning EtcdDisk']);
    assert.deepEqual(await found({}, { syncLatencies: async () => [...latencies.slice(0, 98), 1, 42] }), []);
    assert.deepEqual(await found({}, { ...slow, dryRun: true }), []);
    const refused = async () => {
      throw new Error('EROFS');
    };
    assert.deepEqual(await found({}, { syncLatencies: refused }), []);
  });

  it('what of the network for pods is missing only where pods have one', async () => {
    const files = { '/proc/sys/net/ipv4/ip_forward': '0\n', '/proc/filesystems': '\text4\n' };
    assert.deepEqual(await found(files, aRuntime('process')), []);
  });

  it('that a control plane is there for an address that the machine has lost', async () => {
    const manifest = '/etc/kubernetes/manifests/kube-apiserver.yaml';
    const files = (address: string) => ({ [manifest]: aManifest('kube-apiserver', { 'advertise-address': address }) });
    const all = async () => [{ path: manifest, kind: 'file' as const, sha256: '' }];
    const made = { made: { add: async () => {}, all } };
    const host: HostChange = { defaultInterface: async () => 'eth0' };
    assert.deepEqual(await found(files('192.0.2.99'), made, host), ['error AdvertiseAddress']);
    assert.deepEqual(await found(files('192.0.2.10'), made, host), []);
  });
});
