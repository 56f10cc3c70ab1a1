import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerSpec, sandboxSpec } from '../../../src/runtime/docker/specs.ts';
import { aContainerConfig, aContainerSecurity, aSandboxConfig } from '../../fakes/runtime-builders.ts';

const owner = { owner: 'root-1' };
const hostConfigOf = (sandbox: Parameters<typeof aSandboxConfig>[0]) =>
  sandboxSpec(aSandboxConfig(sandbox), owner).hostConfig;
const containerOf = (
  container: Parameters<typeof aContainerConfig>[0] = {},
  sandbox: Parameters<typeof aSandboxConfig>[0] = {},
) => containerSpec('sandbox-id', aSandboxConfig(sandbox), aContainerConfig(container), owner);

describe('what Docker is asked for a sandbox', () => {
  it('names it and labels it as dockershim did, with our owner', () => {
    const { name, body } = sandboxSpec(
      aSandboxConfig({ attempt: 2, labels: { app: 'web' }, annotations: { 'kubernetes.io/config.source': 'file' } }),
      owner,
    );
    assert.equal(name, 'k8s_POD_web-node1_default_0123456789abcdef0123456789abcdef_2');
    assert.deepEqual(body.Labels, {
      app: 'web',
      'annotation.kubernetes.io/config.source': 'file',
      'io.kubernetes.docker.type': 'podsandbox',
      'io.kubernetes.container.name': 'POD',
      'io.kubernetes.pod.name': 'web-node1',
      'io.kubernetes.pod.namespace': 'default',
      'io.kubernetes.pod.uid': '0123456789abcdef0123456789abcdef',
      'kube-bootstrap/owner': 'root-1',
    });
  });

  it('lets no label of the pod pass for another identity or owner', () => {
    const labels = { 'kube-bootstrap/owner': 'somebody', 'io.kubernetes.pod.uid': 'else' };
    const { body } = sandboxSpec(aSandboxConfig({ labels }), owner);
    assert.equal(body.Labels?.['kube-bootstrap/owner'], 'root-1');
    assert.equal(body.Labels?.['io.kubernetes.pod.uid'], '0123456789abcdef0123456789abcdef');
  });

  it('shares the host with a pod on the host network, host name included', () => {
    const { body, hostConfig } = sandboxSpec(
      aSandboxConfig({ hostNetwork: true, hostPid: true, hostIpc: true }),
      owner,
    );
    assert.equal(body.Hostname, undefined);
    assert.equal(hostConfig.NetworkMode, 'host');
    assert.equal(hostConfig.UTSMode, 'host');
    assert.equal(hostConfig.PidMode, 'host');
    assert.equal(hostConfig.IpcMode, 'host');
  });

  it('cuts a long host name to the 64 characters that the kernel takes', () => {
    assert.equal(sandboxSpec(aSandboxConfig({ hostname: 'x'.repeat(70) }), owner).body.Hostname?.length, 64);
  });

  it('publishes host ports off the host network, and none on it', () => {
    const ports = [
      { containerPort: 80, hostPort: 8080, hostIP: '127.0.0.1', protocol: 'TCP' as const },
      { containerPort: 53, protocol: 'UDP' as const },
    ];
    const { body, hostConfig } = sandboxSpec(aSandboxConfig({ ports }), owner);
    assert.deepEqual(hostConfig.PortBindings, { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] });
    assert.deepEqual(Object.keys(body.ExposedPorts ?? {}), ['80/tcp', '53/udp']);
    assert.deepEqual(hostConfigOf({ ports, hostNetwork: true }).PortBindings, {});
  });

  it('takes no search domain from the host when the pod has a DNS of its own without any', () => {
    const { Dns, DnsSearch, DnsOptions } = hostConfigOf({
      dns: { servers: ['10.96.0.10'], searches: [], options: ['ndots:5'] },
    });
    assert.deepEqual(
      { Dns, DnsSearch, DnsOptions },
      { Dns: ['10.96.0.10'], DnsSearch: ['.'], DnsOptions: ['ndots:5'] },
    );
    assert.equal(hostConfigOf({}).Dns, undefined);
  });

  it('writes logs to files that are rotated as the kubelet does by default, and as told', () => {
    assert.deepEqual(hostConfigOf({}).LogConfig, {
      Type: 'json-file',
      Config: { 'max-size': '10485760', 'max-file': '5' },
    });
    const told = sandboxSpec(aSandboxConfig(), { owner: 'root-1', logRotation: { maxBytes: 1000, maxFiles: 2 } });
    assert.deepEqual(told.hostConfig.LogConfig?.Config, { 'max-size': '1000', 'max-file': '2' });
  });
});

describe('what Docker is asked for a container', () => {
  it('joins the sandbox and remembers the image by its name, the log and the sandbox', () => {
    const { name, body, hostConfig } = containerOf({
      attempt: 3,
      annotations: { 'io.kubernetes.container.restartCount': '3' },
    });
    assert.equal(name, 'k8s_app_web-node1_default_0123456789abcdef0123456789abcdef_3');
    assert.equal(body.Image, 'sha256:1111');
    assert.equal(hostConfig.NetworkMode, 'container:sandbox-id');
    assert.equal(hostConfig.IpcMode, 'container:sandbox-id');
    assert.equal(hostConfig.PidMode, undefined);
    const { 'io.kubernetes.sandbox.id': sandbox, 'kube-bootstrap/image': image } = body.Labels ?? {};
    assert.deepEqual([sandbox, image], ['sandbox-id', 'registry.example/app:1']);
    assert.equal(body.Labels?.['annotation.io.kubernetes.container.restartCount'], '3');
  });

  it("shares the sandbox's or the host's processes where the pod says so", () => {
    assert.equal(containerOf({}, { sharedPid: true }).hostConfig.PidMode, 'container:sandbox-id');
    assert.equal(containerOf({}, { hostPid: true }).hostConfig.PidMode, 'host');
    assert.equal(containerOf({}, { hostNetwork: true }).hostConfig.UTSMode, 'host');
  });

  it("replaces the image's entrypoint by the command and its arguments by the args, each only when given", () => {
    const both = containerOf({ command: ['/bin/app'], args: ['-v'] }).body;
    assert.deepEqual([both.Entrypoint, both.Cmd], [['/bin/app'], ['-v']]);
    const neither = containerOf().body;
    assert.deepEqual([neither.Entrypoint, neither.Cmd], [undefined, undefined]);
    assert.deepEqual(neither.Healthcheck, { Test: ['NONE'] });
  });

  it('limits memory without swap, and CPU by quota', () => {
    const { hostConfig } = containerOf({
      resources: { cpuShares: 256, cpuQuota: 50_000, memoryLimitBytes: 1_000_000, oomScoreAdj: -997 },
    });
    const { Memory, MemorySwap, CpuShares, CpuPeriod, CpuQuota, OomScoreAdj } = hostConfig;
    assert.deepEqual(
      [Memory, MemorySwap, CpuShares, CpuPeriod, CpuQuota, OomScoreAdj],
      [1_000_000, 1_000_000, 256, 100_000, 50_000, -997],
    );
  });

  it('binds mounts with their mode, and those with a colon in the path in the form that holds one', () => {
    const mount = { hostPath: '/h', containerPath: '/c', readOnly: false, propagation: 'private' } as const;
    const { hostConfig } = containerOf({
      mounts: [
        mount,
        { ...mount, readOnly: true, propagation: 'rslave' },
        { ...mount, hostPath: '/a:b', readOnly: true },
      ],
    });
    assert.deepEqual(hostConfig.Binds, ['/h:/c', '/h:/c:ro,rslave']);
    assert.deepEqual(hostConfig.Mounts, [
      { Type: 'bind', Source: '/a:b', Target: '/c', ReadOnly: true, BindOptions: { Propagation: 'rprivate' } },
    ]);
  });

  it('writes user, groups, capabilities and profiles as Docker takes them', () => {
    const security = aContainerSecurity({
      runAsUser: 1000,
      runAsGroup: 2000,
      supplementalGroups: [3000],
      noNewPrivileges: true,
      dropCapabilities: ['ALL'],
      addCapabilities: ['NET_BIND_SERVICE'],
      seccomp: { type: 'Localhost', path: '/p.json', json: '{"x":1}' },
      appArmor: 'my-profile',
      unmaskedProc: true,
    });
    const { body, hostConfig } = containerOf({ security });
    assert.equal(body.User, '1000:2000');
    assert.deepEqual(hostConfig.GroupAdd, ['3000']);
    assert.deepEqual([hostConfig.CapDrop, hostConfig.CapAdd], [['ALL'], ['NET_BIND_SERVICE']]);
    assert.deepEqual(hostConfig.SecurityOpt, ['no-new-privileges', 'seccomp={"x":1}', 'apparmor=my-profile']);
    assert.deepEqual([hostConfig.MaskedPaths, hostConfig.ReadonlyPaths], [[], []]);
  });

  it("leaves Docker's own seccomp profile on for RuntimeDefault, and switches it off for Unconfined", () => {
    assert.deepEqual(containerOf().hostConfig.SecurityOpt, []);
    const security = aContainerSecurity({ seccomp: { type: 'Unconfined' } });
    assert.deepEqual(containerOf({ security }).hostConfig.SecurityOpt, ['seccomp=unconfined']);
  });
});
