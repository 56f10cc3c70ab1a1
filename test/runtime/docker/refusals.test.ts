import assert from 'node:assert/strict';
import test from 'node:test';
import type { EngineFacts } from '../../../src/runtime/docker/engine-facts.ts';
import { planNotes, planRefusals } from '../../../src/runtime/docker/refusals.ts';
import type { ContainerConfig, SandboxConfig } from '../../../src/runtime/runtime.ts';
import { aContainerConfig, aContainerSecurity, aSandboxConfig } from '../../fakes/runtime-builders.ts';

const old: EngineFacts = { cgroupDriver: 'cgroupfs', appArmor: false, bridge: false, apiMinor: 41 };
const recent: EngineFacts = { cgroupDriver: 'cgroupfs', appArmor: true, bridge: true, apiMinor: 48 };
const mount = { hostPath: '/a', containerPath: '/a', readOnly: true, propagation: 'private' } as const;
const armored = (appArmor: string) => ({ security: aContainerSecurity({ appArmor }) });

const cases: readonly (readonly [string, Partial<SandboxConfig>, Partial<ContainerConfig>, RegExp])[] = [
  ['a network of its own without a bridge', {}, {}, /without its default bridge/],
  ['a profile of AppArmor without AppArmor', { hostNetwork: true }, armored('mine'), /AppArmor is not enabled/],
  ['an image volume', { hostNetwork: true }, { mounts: [{ ...mount, image: { reference: 'i' } }] }, /1\.48 or newer/],
  [
    'a deep read-only mount',
    { hostNetwork: true },
    { mounts: [{ ...mount, recursiveReadOnly: 'Enabled' }] },
    /1\.44 or newer; this is 1\.41/,
  ],
];

for (const [what, sandbox, container, reason] of cases) {
  test(`an engine that cannot refuses ${what} with the reason, one that can does not`, () => {
    const asked = [aSandboxConfig(sandbox), [aContainerConfig(container)]] as const;
    assert.match(planRefusals(...asked, old).join(), reason);
    assert.deepEqual(planRefusals(...asked, recent), []);
  });
}

test('the default AppArmor profile is accepted where there is none, and that is said', () => {
  const container = aContainerConfig(armored('runtime/default'));
  assert.deepEqual(planRefusals(aSandboxConfig({ hostNetwork: true }), [container], old), []);
  assert.match(planNotes(container, old).join(), /accepted and not enforced/);
  assert.deepEqual(planNotes(container, recent), []);
});
