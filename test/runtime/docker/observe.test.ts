import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type Docker from 'dockerode';
import { InspectCache } from '../../../src/runtime/docker/observe.ts';

const ended = { Id: 'c1', State: 'exited', Status: 'Exited (137) 1 second ago' } as Docker.ContainerInfo;
const told = { state: 'exited', createdAtMs: 1, exitCode: 137, reason: 'Error' } as const;

describe('what inspecting told', () => {
  it('is kept for as long as the list says the same', () => {
    const cache = new InspectCache();
    cache.set(ended, told, cache.eventsOf('c1'));
    assert.equal(cache.get({ ...ended, Status: 'Exited (137) 2 minutes ago' }), told);
    assert.equal(cache.get({ ...ended, Status: 'Exited (1) 2 minutes ago' }), undefined);
  });

  it('is asked anew when an event came since, such as oom behind die', () => {
    const cache = new InspectCache();
    cache.set(ended, told, cache.eventsOf('c1'));
    cache.forget('c1');
    assert.equal(cache.get(ended), undefined);
  });

  it('is not kept when an event came, or may have been missed, while Docker was being asked', () => {
    const cache = new InspectCache();
    const before = cache.eventsOf('c1');
    cache.forget('c1');
    cache.set(ended, told, before);
    assert.equal(cache.get(ended), undefined);
    const again = cache.eventsOf('c1');
    cache.clear();
    cache.set(ended, told, again);
    assert.equal(cache.get(ended), undefined);
  });
});
