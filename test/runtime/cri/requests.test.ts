import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { containerRequest } from '../../../src/runtime/cri/container-request.ts';
import { sandboxRequest } from '../../../src/runtime/cri/sandbox-request.ts';
import { maskedPaths } from '../../../src/runtime/cri/security-context.ts';
import { signalNumbers } from '../../../src/runtime/cri/signals.ts';
import type { ContainerConfig, SandboxConfig } from '../../../src/runtime/runtime.ts';
import { aContainerConfig, aContainerSecurity, aSandboxConfig } from '../../fakes/runtime-builders.ts';

const facts = { owner: 'root-1', imageUser: '', maskedPaths, appArmor: true };
const sandboxOf = (change: Partial<SandboxConfig> = {}) => sandboxRequest(aSandboxConfig(change), 'root-1');
const containerOf = (change: Partial<ContainerConfig> = {}, imageUser = '') =>
  containerRequest(aSandboxConfig(), aContainerConfig(change), { ...facts, imageUser });
const securityOf = (change: Partial<ContainerConfig['security']>, imageUser = '') =>
  containerOf({ security: aContainerSecurity(change) }, imageUser).linux.securityContext;

describe('what is asked of CRI for a sandbox', () => {
  it('is whose it is, and where its logs go', () => {
    const { metadata, hostname, logDirectory, labels } = sandboxOf({ attempt: 3, labels: { app: 'web' } });
    assert.deepEqual(metadata, { name: 'web-node1', namespace: 'default', uid: aSandboxConfig().pod.uid, attempt: 3 });
    assert.deepEqual([hostname, logDirectory], ['web-node1', aSandboxConfig().logDirectory]);
    assert.deepEqual(labels, {
      app: 'web',
      'io.kubernetes.pod.name': 'web-node1',
      'io.kubernetes.pod.namespace': 'default',
      'io.kubernetes.pod.uid': aSandboxConfig().pod.uid,
      'kube-bootstrap/owner': 'root-1',
    });
  });

  it('has the namespaces of the pod, and of the node on request', () => {
    const own = sandboxOf().linux.securityContext.namespaceOptions;
    assert.deepEqual(own, { network: 'POD', pid: 'CONTAINER', ipc: 'POD' });
    const shared = sandboxOf({ sharedPid: true }).linux.securityContext.namespaceOptions;
    assert.equal(shared.pid, 'POD');
    const host = sandboxOf({ hostNetwork: true, hostPid: true, hostIpc: true, sharedPid: true });
    assert.deepEqual(host.linux.securityContext.namespaceOptions, { network: 'NODE', pid: 'NODE', ipc: 'NODE' });
    assert.equal(host.hostname, '');
  });

  it('is confined by the default seccomp profile, whatever the pod has', () => {
    const { seccomp, privileged } = sandboxOf({ seccomp: { type: 'Unconfined' }, privileged: true }).linux
      .securityContext;
    assert.deepEqual([seccomp, privileged], [{ profileType: 'RuntimeDefault' }, true]);
  });

  it('maps all ports off the host network, and none on it', () => {
    const ports = [
      { containerPort: 80, hostPort: 8080, protocol: 'TCP' as const, hostIP: '127.0.0.1' },
      { containerPort: 53, protocol: 'UDP' as const },
    ];
    assert.deepEqual(sandboxOf({ ports }).portMappings, [
      { containerPort: 80, hostPort: 8080, protocol: 'TCP', hostIp: '127.0.0.1' },
      { containerPort: 53, hostPort: 0, protocol: 'UDP', hostIp: '' },
    ]);
    assert.deepEqual(sandboxOf({ ports, hostNetwork: true }).portMappings, []);
  });

  it('has the security context, DNS, sysctls and cgroup parent of the pod', () => {
    const dns = { servers: ['10.96.0.10'], searches: ['cluster.local'], options: ['ndots:5'] };
    const { dnsConfig, linux } = sandboxOf({
      dns,
      sysctls: { 'net.ipv4.tcp_syncookies': '0' },
      cgroupParent: '/kubepods/burstable/pod1',
      resources: { qos: 'Burstable', cpuShares: 102, memoryLimitBytes: 1 << 20 },
      security: { runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [2000], seLinux: { level: 's0' } },
    });
    assert.deepEqual(dnsConfig, dns);
    assert.deepEqual(
      [linux.sysctls, linux.cgroupParent],
      [{ 'net.ipv4.tcp_syncookies': '0' }, '/kubepods/burstable/pod1'],
    );
    assert.deepEqual(linux.resources, { cpuPeriod: 100_000, cpuShares: 102, memoryLimitInBytes: 1 << 20 });
    const { runAsUser, runAsGroup, supplementalGroups, selinuxOptions } = linux.securityContext;
    assert.deepEqual([runAsUser, runAsGroup, supplementalGroups], [{ value: 1000 }, { value: 3000 }, [2000]]);
    assert.deepEqual(selinuxOptions, { level: 's0' });
    const groupAlone = sandboxOf({ security: { runAsGroup: 3000, supplementalGroups: [] } });
    assert.equal(groupAlone.linux.securityContext.runAsGroup, undefined);
  });
});

describe('what is asked of CRI for a container', () => {
  it('is its program, made from the content of its image, with its log below that of the pod', () => {
    const request = containerOf({ attempt: 2, command: ['/app'], args: ['-v'], env: [{ name: 'A', value: 'ä' }] });
    assert.deepEqual(request.metadata, { name: 'app', attempt: 2 });
    assert.deepEqual(request.image, { image: 'sha256:1111', userSpecifiedImage: 'registry.example/app:1' });
    assert.deepEqual([request.command, request.args, request.logPath], [['/app'], ['-v'], 'app/0.log']);
    assert.deepEqual(request.envs, [{ key: 'A', value: Buffer.from('ä') }]);
    assert.equal(request.labels['io.kubernetes.container.name'], 'app');
    assert.equal(request.annotations['kube-bootstrap/image'], 'registry.example/app:1');
  });

  it('has limits without swap, and its priority when memory runs out', () => {
    const limits = { cpuShares: 102, cpuQuota: 20_000, memoryLimitBytes: 1 << 20, oomScoreAdj: -997 };
    assert.deepEqual(containerOf({ resources: limits }).linux.resources, {
      ...{ cpuPeriod: 100_000, cpuShares: 102, cpuQuota: 20_000, oomScoreAdj: -997 },
      ...{ memoryLimitInBytes: 1 << 20, memorySwapLimitInBytes: 1 << 20 },
    });
  });

  it('runs as the user of the pod, else as that of the image, by number or by name, else as root', () => {
    assert.deepEqual(securityOf({ runAsUser: 7, runAsGroup: 8 }, 'nobody').runAsUser, { value: 7 });
    assert.deepEqual(securityOf({ runAsGroup: 8 }, '65534').runAsUser, { value: 65534 });
    assert.deepEqual(securityOf({ runAsGroup: 8 }, '65534').runAsGroup, { value: 8 });
    assert.equal(securityOf({}, 'nobody').runAsUsername, 'nobody');
    assert.deepEqual(securityOf({}).runAsUser, { value: 0 });
  });

  it('sees little of /proc, unless it is to see all of it', () => {
    const { maskedPaths: masked, readonlyPaths } = securityOf({});
    assert.ok(masked.includes('/proc/kcore') && readonlyPaths.includes('/proc/sys'));
    const open = securityOf({ unmaskedProc: true });
    assert.deepEqual([open.maskedPaths, open.readonlyPaths], [[], []]);
  });

  it('has its profiles, AppArmor in the old form too', () => {
    const local = { type: 'Localhost', path: '/var/lib/kubelet/seccomp/a.json', json: '{}' } as const;
    const { seccomp, apparmor, apparmorProfile } = securityOf({ seccomp: local, appArmor: 'mine' });
    assert.deepEqual(seccomp, { profileType: 'Localhost', localhostRef: '/var/lib/kubelet/seccomp/a.json' });
    assert.deepEqual([apparmor?.localhostRef, apparmorProfile], ['mine', 'localhost/mine']);
    assert.equal(securityOf({ appArmor: 'runtime/default' }).apparmor?.profileType, 'RuntimeDefault');
    assert.equal(securityOf({ appArmor: 'unconfined' }).apparmorProfile, 'unconfined');
    assert.equal(securityOf({}).apparmor, undefined);
    const security = aContainerSecurity({ appArmor: 'runtime/default' });
    const without = containerRequest(aSandboxConfig(), aContainerConfig({ security }), { ...facts, appArmor: false });
    assert.equal(without.linux.securityContext.apparmor, undefined);
  });

  it('has what it may and may not', () => {
    const change = { privileged: true, noNewPrivileges: true, readOnlyRootFilesystem: true, supplementalGroups: [5] };
    const security = securityOf({ ...change, addCapabilities: ['NET_ADMIN'], dropCapabilities: ['ALL'] });
    assert.deepEqual(security.capabilities, { addCapabilities: ['NET_ADMIN'], dropCapabilities: ['ALL'] });
    const { privileged, noNewPrivs, readonlyRootfs, supplementalGroups } = security;
    assert.deepEqual([privileged, noNewPrivs, readonlyRootfs, supplementalGroups], [true, true, true, [5]]);
  });

  it('has its mounts, with their propagation', () => {
    const mounts = (['private', 'rslave', 'rshared'] as const).map((propagation) => ({
      hostPath: '/h',
      containerPath: '/c',
      readOnly: true,
      propagation,
    }));
    assert.deepEqual(
      containerOf({ mounts }).mounts.map(({ propagation, readonly }) => `${propagation} ${readonly}`),
      ['PROPAGATION_PRIVATE true', 'PROPAGATION_HOST_TO_CONTAINER true', 'PROPAGATION_BIDIRECTIONAL true'],
    );
  });

  it("is stopped by a signal of CRI's own numbers", () => {
    assert.equal(containerOf({ stopSignal: 'SIGTERM' }).stopSignal, 23);
    assert.equal(containerOf().stopSignal, 0);
    const { SIGABRT, SIGUSR1, SIGXFSZ, SIGRTMIN, SIGRTMAX } = signalNumbers;
    assert.deepEqual([SIGABRT, SIGUSR1, SIGXFSZ, SIGRTMIN, SIGRTMAX], [1, 29, 34, 35, 65]);
    assert.deepEqual([signalNumbers['SIGRTMIN+15'], signalNumbers['SIGRTMAX-14']], [50, 51]);
  });
});
