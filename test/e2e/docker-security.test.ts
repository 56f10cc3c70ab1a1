import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AgnhostAgent, agnhost, onBridge, onHost, waiting } from './support/agnhost-pods.ts';
import { eventually, run } from './support/command.ts';
import { containerOf } from './support/lone-agent.ts';

const agent = new AgnhostAgent();
const port = 20_000 + Math.floor(Math.random() * 9000);
const equal = { cpu: '100m', memory: '32Mi' };
const securityOf = (securityContext: object) => ({ securityContext });
const eatMemory = ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=300M', 'count=1'];

/** Every pod of this file; they all start at the same moment, and each test looks at its own. */
const pods: Readonly<Record<string, object>> = {
  limits: onHost({ resources: { requests: { cpu: '250m' }, limits: { cpu: '500m', memory: '64Mi' } } }),
  whole: onHost({}, { resources: { limits: { cpu: '1', memory: '96Mi' } } }),
  greedy: onHost(
    { command: eatMemory },
    {
      restartPolicy: 'Never',
      resources: { limits: { memory: '64Mi' } },
      containers: [waiting({ command: eatMemory })],
    },
  ),
  poor: onHost(),
  rich: onHost({ resources: { requests: equal, limits: equal } }),
  half: onHost({ resources: { requests: { memory: '256Mi' } } }),
  user: onHost(securityOf({ runAsUser: 1000, runAsGroup: 2000, runAsNonRoot: true }), {
    securityContext: { fsGroup: 3000, supplementalGroups: [4000] },
  }),
  root: onHost(securityOf({ runAsNonRoot: true })),
  bare: onHost(
    securityOf({
      capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
    }),
  ),
  unconfined: onHost(),
  confined: onHost(securityOf({ seccompProfile: { type: 'RuntimeDefault' } })),
  profiled: onHost(securityOf({ seccompProfile: { type: 'Localhost', localhostProfile: 'no-chmod.json' } })),
  lost: onHost(securityOf({ seccompProfile: { type: 'Localhost', localhostProfile: 'nowhere.json' } })),
  armored: onHost(securityOf({ appArmorProfile: { type: 'RuntimeDefault' } })),
  special: onHost(securityOf({ appArmorProfile: { type: 'Localhost', localhostProfile: 'kube-bootstrap-none' } })),
  labelled: onHost(securityOf({ seLinuxOptions: { level: 's0:c1,c2' } })),
  mighty: onHost(securityOf({ privileged: true })),
  tuned: onBridge(
    {},
    { securityContext: { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '1234' }] } },
  ),
  unsafe: onBridge({}, { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '65536' }] } }),
  mapped: onBridge({}, { hostUsers: false }),
  huge: onHost({ resources: { limits: { 'hugepages-2Mi': '2Mi', cpu: '100m' } } }),
  open: onHost({}, { hostPID: true, hostIPC: true }),
  closed: onBridge({}, { containers: [waiting({ name: 'one' }), waiting({ name: 'two' })] }),
  shared: onBridge(
    {},
    { shareProcessNamespace: true, containers: [waiting({ name: 'one' }), waiting({ name: 'two' })] },
  ),
  server: onBridge({
    command: undefined,
    args: ['netexec', '--http-port=8080', '--udp-port=8081'],
    ports: [
      { containerPort: 8080, hostPort: port, hostIP: '127.0.0.1' },
      { containerPort: 8081, hostPort: port, protocol: 'UDP' },
    ],
  }),
  client: onBridge(),
  loud: onHost({ env: [{ name: 'LONG', value: 'x'.repeat(100 * 1024) }] }),
  deaf: onHost({
    terminationMessagePolicy: 'FallbackToLogsOnError',
    env: [{ name: 'LONG', value: 'x'.repeat(200 * 1024) }],
  }),
};

describe('resources and security of pods on Docker', { concurrency: 4 }, () => {
  before(async () => {
    await mkdir(join(agent.root, 'var/lib/kubelet/seccomp'), { recursive: true });
    const names = ['chmod', 'fchmod', 'fchmodat', 'fchmodat2'];
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names, action: 'SCMP_ACT_ERRNO' }],
    };
    await writeFile(join(agent.root, 'var/lib/kubelet/seccomp/no-chmod.json'), JSON.stringify(profile));
    for (const [name, spec] of Object.entries(pods)) {
      agent.add(
        name,
        spec as Record<string, unknown>,
        name === 'loud' ? { annotations: { long: 'y'.repeat(200_000) } } : {},
      );
    }
    await agent.start();
  });
  after(() => agent.destroy());

  it('turns requests and limits into shares, quota and bytes, of the container and of the pod as a whole', async () => {
    const { HostConfig } = await inspect('limits');
    const { CpuShares, CpuPeriod, CpuQuota, Memory, MemorySwap } = HostConfig;
    assert.deepEqual([CpuShares, CpuPeriod, CpuQuota, Memory, MemorySwap], [256, 100_000, 50_000, 2 ** 26, 2 ** 26]);
    await ofTheWhole('limits', { qos: 'burstable/', shares: 256, quota: 50_000, bytes: 2 ** 26 });
  });

  it("gives a pod's own limits to the pod as a whole, and holds every container to them", async () => {
    await ofTheWhole('whole', { qos: '', shares: 1024, quota: 100_000, bytes: 96 * 2 ** 20 });
    // The kernel's notice may reach the engine after the end, or never: then it says Error, and so does the agent.
    const exitCode = await eventually('the agent says of the end what Docker says', async () => {
      const found = await agent.pod('greedy-node1', ({ pod }) => pod.status?.phase === 'Failed');
      const ended = found.pod.status?.containerStatuses[0]?.state.terminated;
      const told = await agent.docker('inspect', '-f', '{{.State.OOMKilled}}', containerOf(found).id);
      return ended?.reason === (told.trim() === 'true' ? 'OOMKilled' : 'Error') ? ended.exitCode : undefined;
    });
    assert.equal(exitCode, 137);
  });

  it('places the classes of quality as the kubelet does, and scores them for the OOM killer as far as the host lets it', async () => {
    const memory = Number(/MemTotal:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
    const scores = { poor: 1000, half: 1000 - Math.floor((1000 * 2 ** 28) / memory) };
    for (const [name, score] of Object.entries(scores)) {
      assert.equal(await agent.shell(name, 'cat /proc/1/oom_score_adj'), `${score}`);
    }
    const lowest = Number(await agent.shell('rich', 'cat /proc/1/oom_score_adj'));
    assert.equal(lowest, (await canLower()) ? -997 : 0);
    assert.match((await inspect('poor')).HostConfig.CgroupParent, /\/kubepods\/besteffort\/pod[0-9a-f]{32}$/);
    assert.match((await inspect('rich')).HostConfig.CgroupParent, /\/kubepods\/pod[0-9a-f]{32}$/);
  });

  it('runs as the user and the groups that are asked for', async () => {
    const status = await agent.shell('user', 'cat /proc/self/status; id -G');
    assert.match(status, /^Uid:\s+1000\s+1000/m);
    assert.match(status, /^Gid:\s+2000\s+2000/m);
    for (const group of [3000, 4000]) assert.match(status, new RegExp(`\\b${group}\\b`));
  });

  it('does not run as root what must not be root', () =>
    agent.says('root', /CreateContainerConfigError.*runAsNonRoot is set, but image .* runs as root/));

  it('drops capabilities, forbids new privileges and keeps the root file system as it is', async () => {
    const status = await agent.shell('bare', 'cat /proc/1/status');
    assert.match(status, /^CapEff:\s+0000000000000400$/m);
    assert.match(status, /^CapBnd:\s+0000000000000400$/m);
    assert.match(status, /^NoNewPrivs:\s+1$/m);
    assert.match(await agent.shell('bare', 'touch /new 2>&1 || true'), /Read-only file system/);
  });

  it('filters system calls by no profile, the default one and a file of one', async () => {
    const seccomp = (pod: string) => agent.shell(pod, "sed -n 's/^Seccomp:[^0-9]*//p' /proc/1/status");
    assert.equal(await seccomp('unconfined'), '0');
    assert.equal(await seccomp('confined'), '2');
    assert.equal(await seccomp('profiled'), '2');
    assert.match(await agent.shell('profiled', 'touch /tmp/a; chmod 777 /tmp/a 2>&1 || true'), /not permitted/);
    await agent.says('lost', /seccomp profile .*nowhere\.json is not there/);
  });

  it('never fails a pod for the default AppArmor profile, and refuses a profile that cannot be enforced', async () => {
    assert.equal(await agent.shell('armored', 'echo runs'), 'runs');
    const enabled = (await agent.docker('info', '--format', '{{.SecurityOptions}}')).includes('name=apparmor');
    await agent.says('special', enabled ? /kube-bootstrap-none/ : /AppArmor is not enabled on the host/);
  });

  it('hands SELinux options to the engine', async () => {
    assert.ok((await inspect('labelled')).HostConfig.SecurityOpt.includes('label=level:s0:c1,c2'));
  });

  it("runs a privileged container where the engine can, else says the engine's reason", async () => {
    const able = (await run('docker', ['run', '--rm', '--privileged', '--network=host', '--entrypoint=true', agnhost]))
      .code;
    if (able !== 0) return agent.says('mighty', /RunContainerError|CreateContainerError/);
    assert.equal((await inspect('mighty')).HostConfig.Privileged, true);
  });

  it('sets safe sysctls of a pod and refuses others', async () => {
    assert.equal(await agent.shell('tuned', 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start'), '1234');
    await agent.says('unsafe', /forbidden sysctl: .*kernel\.msgmax.* not allowlisted/);
  });

  it('refuses user namespaces and huge pages by name', async () => {
    await agent.says('mapped', /hostUsers: false: user namespaces/);
    await agent.says('huge', /hugepages-2Mi: this node has none/);
  });

  it("joins the host's namespaces where asked to, a pod's containers each other's where not", async () => {
    const of = (pod: string, name: string, container?: string) =>
      agent.shell(pod, `readlink /proc/self/ns/${name}`, container);
    for (const name of ['net', 'ipc', 'pid', 'uts']) {
      assert.equal(await of('open', name), readlinkSync(`/proc/self/ns/${name}`));
      assert.notEqual(await of('closed', name, 'one'), readlinkSync(`/proc/self/ns/${name}`));
    }
    for (const name of ['net', 'ipc']) assert.equal(await of('closed', name, 'one'), await of('closed', name, 'two'));
    assert.notEqual(await of('closed', 'pid', 'one'), await of('closed', 'pid', 'two'));
    assert.equal(await of('shared', 'pid', 'one'), await of('shared', 'pid', 'two'));
  });

  it('gives a pod an address of its own that other pods reach, and publishes its host ports', async () => {
    const { pod } = await agent.pod('server-node1');
    const ip = pod.status?.podIP ?? '';
    assert.match(ip, /^\d+\.\d+\.\d+\.\d+$/);
    const asked = await eventually('the server answers', () =>
      agent.shell('client', `wget -qO- http://${ip}:8080/hostname`),
    );
    assert.equal(asked, 'server-node1');
    const published = await fetch(`http://127.0.0.1:${port}/clientip`);
    assert.equal(published.status, 200);
    const bindings = (await inspectSandbox('server')).HostConfig.PortBindings;
    assert.deepEqual(bindings, {
      '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: `${port}` }],
      '8081/udp': [{ HostIp: '', HostPort: `${port}` }],
    });
    const { stdout } = await run('sh', [
      '-c',
      `echo hostname | timeout 5 bash -c 'exec 3<>/dev/udp/127.0.0.1/${port}; cat >&3; head -c 12 <&3'`,
    ]);
    assert.equal(stdout, 'server-node1');
  });

  it('takes a very long variable and annotation, and says why one that no program can be given fails', async () => {
    assert.equal(await agent.shell('loud', 'printf %s "$LONG" | wc -c'), `${100 * 1024}`);
    assert.equal((await inspectSandbox('loud')).Config.Labels['annotation.long']?.length, 200_000);
    await agent.says('deaf', /argument list too long/);
  });

  it('leaves no control group of a pod that is gone', async () => {
    const { CgroupParent } = (await inspect('poor')).HostConfig;
    agent.remove('poor.yaml');
    await agent.gone('poor-node1');
    const { stdout } = await run('find', ['/sys/fs/cgroup', '-maxdepth', '6', '-path', `*${CgroupParent}`]);
    assert.equal(stdout, '');
  });
});

type Inspected = {
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: {
    readonly CpuShares: number;
    readonly CpuPeriod: number;
    readonly CpuQuota: number;
    readonly Memory: number;
    readonly MemorySwap: number;
    readonly CgroupParent: string;
    readonly SecurityOpt: readonly string[];
    readonly Privileged: boolean;
    readonly PortBindings: unknown;
  };
};

async function inspect(pod: string): Promise<Inspected> {
  const [found] = JSON.parse(await agent.docker('inspect', await agent.containerId(pod))) as [Inspected];
  return found;
}

async function inspectSandbox(pod: string): Promise<Inspected> {
  const { Config } = await inspect(pod);
  const id = Config.Labels['io.kubernetes.sandbox.id'] ?? '';
  const [found] = JSON.parse(await agent.docker('inspect', id)) as [Inspected];
  return found;
}

/** The limits of the pod's own control group, where this machine shows it. */
async function ofTheWhole(
  pod: string,
  expected: { readonly qos: string; readonly shares: number; readonly quota: number; readonly bytes: number },
): Promise<void> {
  const { CgroupParent } = (await inspect(pod)).HostConfig;
  assert.match(CgroupParent, new RegExp(`^/kube-bootstrap-[0-9a-f]{8}/kubepods/${expected.qos}pod[0-9a-f]{32}$`));
  const read = (path: string) => readFileSync(`/sys/fs/cgroup/${path}`, 'utf8').trim();
  const unified = (await run('stat', ['-fc', '%T', '/sys/fs/cgroup'])).stdout.trim() === 'cgroup2fs';
  if (unified) {
    assert.equal(read(`${CgroupParent}/cpu.max`), `${expected.quota} 100000`);
    assert.equal(read(`${CgroupParent}/memory.max`), `${expected.bytes}`);
    return;
  }
  assert.equal(read(`cpu${CgroupParent}/cpu.shares`), `${expected.shares}`);
  assert.equal(read(`cpu${CgroupParent}/cpu.cfs_quota_us`), `${expected.quota}`);
  assert.equal(read(`memory${CgroupParent}/memory.limit_in_bytes`), `${expected.bytes}`);
}

async function canLower(): Promise<boolean> {
  const asked = ['run', '--rm', '--network=host', '--oom-score-adj=-500', '--entrypoint=true', agnhost];
  return (await run('docker', asked)).code === 0;
}
