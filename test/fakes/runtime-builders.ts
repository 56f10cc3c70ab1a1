import type { ContainerConfig, SandboxConfig } from '../../src/runtime/runtime.ts';

/** A sandbox of pod web-node1 off the host network, changed where a test says so. */
export function aSandboxConfig(change: Partial<SandboxConfig> = {}): SandboxConfig {
  return {
    pod: { name: 'web-node1', namespace: 'default', uid: '0123456789abcdef0123456789abcdef' },
    attempt: 0,
    hostname: 'web-node1',
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    sharedPid: false,
    ports: [],
    sysctls: {},
    image: 'registry.k8s.io/pause:3.10.2',
    labels: {},
    annotations: {},
    logDirectory: '/var/log/pods/default_web-node1_0123456789abcdef0123456789abcdef',
    seccomp: { type: 'RuntimeDefault' },
    ...change,
  };
}

/** Its container `app`, changed where a test says so. */
export function aContainerConfig(change: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    name: 'app',
    attempt: 0,
    image: 'registry.example/app:1',
    imageId: 'sha256:1111',
    command: [],
    args: [],
    env: [],
    mounts: [],
    labels: {},
    annotations: {},
    logPath: '/var/log/pods/default_web-node1_0123456789abcdef0123456789abcdef/app/0.log',
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: { oomScoreAdj: 1000 },
    security: aContainerSecurity(),
    ...change,
  };
}

/** Nothing asked for. */
export function aContainerSecurity(change: Partial<ContainerConfig['security']> = {}): ContainerConfig['security'] {
  return {
    privileged: false,
    supplementalGroups: [],
    readOnlyRootFilesystem: false,
    noNewPrivileges: false,
    addCapabilities: [],
    dropCapabilities: [],
    seccomp: { type: 'RuntimeDefault' },
    unmaskedProc: false,
    ...change,
  };
}
