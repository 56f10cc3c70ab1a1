import type { ContainerConfig, SandboxConfig } from '../../src/runtime/runtime.ts';

/** A sandbox on the host's network, changed where a test says so. */
export function aSandboxConfig(change: Partial<SandboxConfig> = {}): SandboxConfig {
  return {
    pod: { name: 'app-node1', namespace: 'default', uid: 'u1' },
    attempt: 0,
    hostname: '',
    hostNetwork: true,
    hostPid: false,
    hostIpc: false,
    sharedPid: false,
    ports: [],
    sysctls: {},
    image: 'registry.k8s.io/pause:3.10.2',
    labels: {},
    annotations: {},
    logDirectory: '/var/log/pods/default_app-node1_u1',
    seccomp: { type: 'Unconfined' },
    ...change,
  };
}

/** A container that asks for nothing, changed where a test says so. */
export function aContainerConfig(change: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    name: 'app',
    attempt: 0,
    image: 'example.org/tools:1',
    imageId: '',
    command: [],
    args: [],
    env: [],
    mounts: [],
    labels: {},
    annotations: {},
    logPath: '/var/log/pods/default_app-node1_u1/app/0.log',
    stdin: false,
    stdinOnce: false,
    tty: false,
    resources: { oomScoreAdj: 0 },
    security: noSecurity,
    ...change,
  };
}

/** A security context that says nothing. */
export const noSecurity: ContainerConfig['security'] = {
  privileged: false,
  supplementalGroups: [],
  readOnlyRootFilesystem: false,
  noNewPrivileges: false,
  addCapabilities: [],
  dropCapabilities: [],
  seccomp: { type: 'Unconfined' },
  unmaskedProc: false,
};
