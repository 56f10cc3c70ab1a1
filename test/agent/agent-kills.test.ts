import assert from 'node:assert/strict';
import test from 'node:test';
import { AgentHarness, manifestsDir, webManifest } from '../fakes/agent-harness.ts';

const graceSeconds = 20;
const pod = (more: readonly string[] = []) =>
  webManifest(
    [
      `terminationGracePeriodSeconds: ${graceSeconds}`,
      'initContainers:',
      '- { name: init, image: example/app:1 }',
      '- { name: side, image: example/app:1, restartPolicy: Always }',
      ...more,
    ],
    ['lifecycle: { preStop: { exec: { command: [pre] } } }'],
  );

type Scenario = {
  readonly name: string;
  /** What there is before, if anything. */
  readonly before?: string;
  readonly act: (harness: AgentHarness) => void;
  readonly runs: number;
  /** How long the program takes to stop. */
  readonly stopsAfterMs?: number;
};

const file = `${manifestsDir}/web.yaml`;
const scenarios: readonly Scenario[] = [
  { name: 'a new pod', act: ({ files }) => files.seed(file, pod()), runs: 1 },
  { name: 'an edit', before: pod(), act: ({ files }) => files.seed(file, pod(['hostname: other'])), runs: 1 },
  {
    name: 'an edit of a pod that does not stop in time',
    before: pod(),
    act: ({ files }) => files.seed(file, pod(['hostname: other'])),
    runs: 1,
    stopsAfterMs: 60_000,
  },
  { name: 'a removal', before: pod(), act: ({ files }) => void files.remove(file), runs: 0, stopsAfterMs: 5000 },
  {
    name: 'a crash',
    before: pod(),
    act: ({ runtime }) => {
      for (const { id, name } of runtime.containers.values()) if (name === 'app') runtime.exit(id, 1);
    },
    runs: 1,
  },
  {
    name: 'a sandbox that is killed',
    before: pod(),
    act: ({ runtime }) => {
      for (const id of runtime.sandboxes.keys()) runtime.killSandbox(id);
    },
    runs: 1,
  },
];

/** Every call that changes something counts; reading ones are between two of them, and change nothing. */
const changing = [
  'createSandbox',
  'startContainer',
  'stopContainer',
  'stopSandbox',
  'removeContainer',
  'removeSandbox',
];
const counted = [...changing, 'exec', 'writeFile', 'remove'];

/** Plays a scenario, the agent killed at call `at` (never when there are fewer); gives the number of calls. */
async function play(scenario: Scenario, at: number): Promise<number> {
  const harness = new AgentHarness();
  harness.runtime.behave('init', { exitsAfterMs: 0 });
  for (const name of ['app', 'side']) harness.runtime.behave(name, { stopsAfterMs: scenario.stopsAfterMs ?? 1000 });
  if (scenario.before !== undefined) harness.files.seed(file, scenario.before);
  await harness.start();
  const since = harness.runtime.calls.length;
  let calls = 0;
  let dead = false;
  harness.onCall = (name) => {
    if (!counted.includes(name)) return undefined;
    calls += 1;
    dead ||= calls === at;
    // Not carried out: the same as carried out and not answered at the call before.
    return calls === at ? 'before' : undefined;
  };
  scenario.act(harness);
  void harness.agent.look();
  for (const waitMs of [0, ...Array.from({ length: 30 }, () => 1000), 120_000]) {
    await harness.clock.advance(waitMs);
    if (dead) {
      dead = false;
      harness.kill();
      await harness.start();
    }
    for (const name of ['app', 'side']) assert.ok(harness.running(name).length <= 1, `two of ${name} run`);
  }
  const what = `${scenario.name}, killed at call ${at}`;
  assert.equal(harness.running().length, scenario.runs, what);
  assert.equal(harness.running('side').length, scenario.runs, what);
  const ready = [...harness.runtime.sandboxes.values()].filter((sandbox) => sandbox.ready);
  assert.equal(ready.length, scenario.runs, what);
  if (scenario.runs === 0) assert.equal(harness.runtime.sandboxes.size + harness.runtime.containers.size, 0, what);
  checkStops(harness, since, what);
  await harness.stop();
  return calls;
}

/** All stops of one container share its grace period, whoever asks for them. */
function checkStops(harness: AgentHarness, since: number, what: string): void {
  const first = new Map<string, { atMs: number; graceSeconds: number }>();
  for (const { method, target, detail, atMs } of harness.runtime.calls.slice(since)) {
    if (method !== 'stopContainer' || typeof detail !== 'number') continue;
    const begun = first.get(target) ?? { atMs, graceSeconds: detail };
    first.set(target, begun);
    const endsAfter = (atMs - begun.atMs) / 1000 + detail;
    // The least that a signal is given, and the second in which the agent was dead.
    assert.ok(endsAfter <= graceSeconds + 3, `${what}: ${target} gets ${endsAfter} s`);
  }
}

for (const scenario of scenarios) {
  test(`${scenario.name}: an agent that is killed at any call is followed by one that goes on`, async () => {
    const calls = await play(scenario, 0);
    assert.ok(calls > 0, `${calls} calls`);
    for (let at = 1; at <= calls; at++) await play(scenario, at);
  });
}
