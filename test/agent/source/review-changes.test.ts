import assert from 'node:assert/strict';
import test from 'node:test';
import { webManifest } from '../../fakes/agent-harness.ts';
import { aSource, manifestDir, webKey } from '../../fakes/manifest-source.ts';

const file = `${manifestDir}/web.yaml`;
const edited = webManifest(['hostname: edited']);

/** A source whose changes are reviewed: held back as long as `why` says something. */
function reviewed(files: Readonly<Record<string, string>> = { 'web.yaml': webManifest() }) {
  const state: { why: string | undefined; readonly asked: string[] } = { why: 'it is tried first', asked: [] };
  const reviewChange = async ({ text }: { readonly text: string }) => {
    state.asked.push(text);
    return state.why;
  };
  return { ...aSource(files, { reviewChange }), state };
}

test('a change that is held back does not count and is shown; it counts when the review says so', async () => {
  const { source, host, clock, state } = reviewed();
  await source.start();
  await host.writeFile(file, edited);
  await clock.advance(200);
  assert.equal(source.get(webKey)?.pod.spec.hostname, undefined);
  assert.deepEqual(source.rejected(), [{ file, reason: 'it is tried first', lastGoodRuns: true }]);
  state.why = undefined;
  await source.look();
  assert.equal(source.get(webKey)?.pod.spec.hostname, 'edited');
  assert.deepEqual(source.rejected(), []);
  assert.ok(state.asked.every((text) => text === edited));
  await source.stop();
});

test('a held change that is taken back leaves nothing, and the pod the same one', async () => {
  const { source, host, clock, changes } = reviewed();
  await source.start();
  const before = source.get(webKey);
  const told = changes.length;
  await host.writeFile(file, edited);
  await clock.advance(200);
  await host.writeFile(file, webManifest());
  await clock.advance(200);
  assert.equal(source.get(webKey), before);
  assert.deepEqual(source.rejected(), []);
  assert.equal(changes.length, told);
  await source.stop();
});

test('a held change is held by the next agent too, which knows what runs', async () => {
  const { source, again, host, clock } = reviewed();
  await source.start();
  await host.writeFile(file, edited);
  await clock.advance(200);
  await source.stop();
  const next = again();
  await next.start();
  assert.equal(next.get(webKey)?.pod.spec.hostname, undefined);
  assert.equal(next.rejected().length, 1);
  await next.stop();
});

test('new pods, other words for the same, removals and what is no pod are not reviewed', async () => {
  const { source, host, clock, state } = reviewed({});
  await source.start();
  await host.writeFile(file, webManifest());
  await clock.advance(200);
  await host.writeFile(file, `# a remark\n${webManifest()}`);
  await clock.advance(200);
  assert.equal(source.get(webKey)?.file, file);
  await host.writeFile(file, 'kind: Pod\nspec: [');
  await clock.advance(200);
  assert.notEqual(source.rejected()[0]?.reason, 'it is tried first');
  await host.remove(file);
  await clock.advance(200);
  assert.deepEqual(source.keys(), []);
  assert.deepEqual(state.asked, []);
  await source.stop();
});

test('a file that is written in place is reviewed when it has settled', async () => {
  const { source, host, clock, state } = reviewed();
  await source.start();
  host.nowMs = clock.now();
  await host.writeFile(file, edited.slice(0, -5));
  await clock.advance(50);
  assert.deepEqual(state.asked, []);
  await source.stop();
});
