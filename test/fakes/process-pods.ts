import type { ContainerConfig, SandboxConfig } from '../../src/runtime/runtime.ts';
import * as builders from './runtime-builders.ts';

const pod = { name: 'app-node1', namespace: 'default', uid: 'u1' };

/** A security context that says nothing. */
export const noSecurity = builders.aContainerSecurity({ seccomp: { type: 'Unconfined' } });

/** A sandbox on the host's network, changed where a test says so. */
export function aSandboxConfig(change: Partial<SandboxConfig> = {}): SandboxConfig {
  return builders.aSandboxConfig({
    pod,
    hostname: '',
    hostNetwork: true,
    logDirectory: '/var/log/pods/default_app-node1_u1',
    seccomp: { type: 'Unconfined' },
    ...change,
  });
}

/** A container that asks for nothing, changed where a test says so. */
export function aContainerConfig(change: Partial<ContainerConfig> = {}): ContainerConfig {
  return builders.aContainerConfig({
    image: 'example.org/tools:1',
    imageId: '',
    logPath: '/var/log/pods/default_app-node1_u1/app/0.log',
    resources: { oomScoreAdj: 0 },
    security: noSecurity,
    ...change,
  });
}
