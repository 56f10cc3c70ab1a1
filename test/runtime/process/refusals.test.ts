import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planNotes, planRefusals } from '../../../src/runtime/process/refusals.ts';
import type { ContainerConfig, SandboxConfig } from '../../../src/runtime/runtime.ts';
import { aContainerConfig, aSandboxConfig, noSecurity } from '../../fakes/process-pods.ts';

const root = { uid: 0, gid: 0 };
const user = { uid: 1000, gid: 1000 };
const mount = { hostPath: '/etc/pki', containerPath: '/etc/pki', readOnly: true, propagation: 'private' } as const;
const localhost = { type: 'Localhost', path: '/p.json', json: '{}' } as const;

const onSandbox = (change: Partial<SandboxConfig>) => planRefusals(aSandboxConfig(change), [], root);
const onContainer = (change: Partial<ContainerConfig>, own = root) =>
  planRefusals(aSandboxConfig(), [aContainerConfig(change)], own);
const onSecurity = (change: Partial<ContainerConfig['security']>, own = root) =>
  onContainer({ security: { ...noSecurity, ...change } }, own);

test('a pod on the host network with hostPath volumes at the same paths is welcome', () => {
  const trailing = { ...mount, containerPath: '/etc/pki/' };
  assert.deepEqual(planRefusals(aSandboxConfig(), [aContainerConfig({ mounts: [mount, trailing] })], root), []);
});

for (const [what, refusals, reason] of [
  ['a network of its own', onSandbox({ hostNetwork: false }), /hostNetwork is false/],
  ['sysctls', onSandbox({ sysctls: { 'net.core.somaxconn': '1' } }), /sysctls \(net.core.somaxconn\)/],
  ['a seccomp file for the pod', onSandbox({ seccomp: localhost }), /\/p.json cannot be applied/],
  [
    'another mountPath',
    onContainer({ mounts: [{ ...mount, containerPath: '/pki' }] }),
    /mountPath \/pki is \/etc\/pki on the host/,
  ],
  [
    'an image volume',
    onContainer({ mounts: [{ ...mount, hostPath: '', image: { reference: 'i' } }] }),
    /is an image volume/,
  ],
  ['a terminal', onContainer({ tty: true }), /tty/],
  ['privileged', onSecurity({ privileged: true }), /privileged/],
  ['a read-only root', onSecurity({ readOnlyRootFilesystem: true }), /readOnlyRootFilesystem/],
  ['an unmasked /proc', onSecurity({ unmaskedProc: true }), /procMount/],
  ['a seccomp file', onSecurity({ seccomp: localhost }), /\/p.json cannot be applied/],
  ['an AppArmor profile', onSecurity({ appArmor: 'mine' }), /AppArmor profile mine/],
  ['another user without root', onSecurity({ runAsUser: 5 }, user), /runAsUser 5: the agent runs as user 1000/],
  ['another group without root', onSecurity({ runAsGroup: 5 }, user), /runAsGroup 5/],
  ['other groups without root', onSecurity({ supplementalGroups: [1000, 5] }, user), /fsGroup 5:/],
  ['capabilities without root', onSecurity({ addCapabilities: ['NET_ADMIN'] }, user), /capabilities NET_ADMIN/],
] as const) {
  test(`refuses ${what} with the reason`, () => {
    assert.equal(refusals.length, 1);
    assert.match(refusals[0] ?? '', reason);
  });
}

test('takes what costs no privilege also without root', () => {
  assert.deepEqual(
    onSecurity({ runAsUser: 1000, runAsGroup: 1000, dropCapabilities: ['ALL'], noNewPrivileges: true }, user),
    [],
  );
});

test('takes users, groups and capabilities as root', () => {
  assert.deepEqual(onSecurity({ runAsUser: 5, runAsGroup: 6, supplementalGroups: [7], addCapabilities: ['X'] }), []);
});

test('names the container and finds everything at once', () => {
  const refusals = planRefusals(aSandboxConfig({ hostNetwork: false }), [aContainerConfig({ tty: true })], root);
  assert.equal(refusals.length, 2);
  assert.match(refusals[1] ?? '', /^container app: tty/);
});

test('notes what it accepts and does not enforce, and nothing else', () => {
  assert.deepEqual(planNotes(aContainerConfig(), aSandboxConfig()), []);
  const notes = planNotes(
    aContainerConfig({
      mounts: [mount],
      resources: { oomScoreAdj: 0, cpuShares: 204, cpuQuota: 1000, memoryLimitBytes: 1 },
      security: { ...noSecurity, appArmor: 'runtime/default' },
    }),
    aSandboxConfig({ seccomp: { type: 'RuntimeDefault' } }),
  );
  assert.equal(notes.length, 6);
});
