import assert from 'node:assert/strict';
import type { DesiredPod } from '../../src/agent/desired.ts';
import { agentAnnotations } from '../../src/agent/labels.ts';
import type { PodAction, StartContainer, StopContainer } from '../../src/agent/plan/actions.ts';
import type { ProbeResults } from '../../src/agent/plan/facts.ts';
import { specOf } from '../../src/agent/plan/rounds.ts';
import { annotations } from '../../src/runtime/labels.ts';
import { anObserved, aSandbox } from './agent-builders.ts';
import { definitions, stopOrderOf } from './plan-cases.ts';
import { isOf, keyOf, PlanState } from './plan-state.ts';
import type { Random } from './random.ts';

const started: ProbeResults = { startup: 'success', liveness: 'success', readiness: 'success' };

/**
 * Carries plans out thousands of times. It refuses what must never happen: two of one name running, a start out of order,
 * a removal of what runs.
 */
export class PlanWorld extends PlanState {
  readonly #made = new Set<string>();
  readonly #random: Random;
  /** Programs misbehave as long as this lasts, so that every world comes to rest. */
  #mishaps = 12;
  #next = 1;

  constructor(random: Random) {
    super();
    this.#random = random;
  }

  apply(desired: DesiredPod | undefined, action: PodAction): void {
    const target = 'id' in action ? (this.containers.get(action.id) ?? this.sandboxes.get(action.id)) : undefined;
    const files = action.do === 'remove-pod-files' ? { pod: { uid: action.uid } } : undefined;
    for (const thing of [target, files])
      assert.ok(thing === undefined || !this.isLeftAlone(thing, desired), `${action.do} of the instance that is kept`);
    switch (action.do) {
      case 'pull-image':
        if (this.#random.chance(0.8)) this.images.add(action.container);
        return;
      case 'create-sandbox':
        this.#createSandbox(desired, action.attempt);
        return;
      case 'start-container':
        this.#start(desired, action);
        return;
      case 'stop-container':
        this.#stop(action);
        return;
      case 'remove-container':
        assert.notEqual(this.containers.get(action.id)?.state, 'running', 'what runs is removed');
        this.containers.delete(action.id);
        return;
      case 'stop-sandbox':
        this.killSandbox(action.id);
        return;
      case 'remove-sandbox':
        assert.ok(this.sandboxes.get(action.id)?.ready !== true, 'a sandbox that stands is removed');
        this.sandboxes.delete(action.id);
        return;
      case 'remove-pod-files':
        assert.notEqual(action.uid, desired?.uid, 'the files of the desired pod are removed');
        for (const key of this.memory.logged.keys()) if (key.startsWith(action.uid)) this.memory.logged.delete(key);
        for (const map of [this.memory.over, this.memory.startMs])
          for (const key of map.keys()) if (key.startsWith(action.uid)) map.delete(key);
    }
  }

  #createSandbox(desired: DesiredPod | undefined, attempt: number): void {
    assert.ok(desired !== undefined);
    assert.ok(this.refusals.length + this.admissionRefusals.length === 0, 'a sandbox is made for a refused pod');
    const counts = (thing: { readonly pod: { readonly uid: string } }) =>
      !this.isLeftAlone(thing, desired) && (desired.pod.spec.hostNetwork !== true || thing.pod.uid === desired.uid);
    assert.ok(![...this.sandboxes.values()].some((one) => one.ready && counts(one)), 'two sandboxes stand');
    const running = [...this.containers.values()].filter(({ state }) => state === 'running');
    assert.ok(!running.some(counts), 'something runs beside it');
    assert.ok(!this.memory.over.has(keyOf(desired)), 'a pod that is over gets a sandbox');
    const id = `made-${this.#next++}`;
    const { uid, hash, pod } = desired;
    const older = [...this.sandboxes.values()].filter((sandbox) => sandbox.pod.uid === uid);
    assert.ok(!older.some((sandbox) => sandbox.attempt >= attempt), `attempt ${attempt} of the sandbox is used twice`);
    const hostNetwork = pod.spec.hostNetwork ?? false;
    const noted = { [annotations.configHash]: hash };
    const place = { id, pod: { ...pod.metadata, uid }, attempt, hostNetwork, ips: hostNetwork ? [] : ['10.88.0.3'] };
    this.sandboxes.set(id, aSandbox({ ...place, createdAtMs: this.nowMs, annotations: noted }));
    this.#made.add(id);
  }

  #start(
    desired: DesiredPod | undefined,
    { container: name, attempt, crashes, round = 0, sandboxId }: StartContainer,
  ): void {
    assert.ok(desired !== undefined);
    const all = [...this.containers.values()].filter((seen) => !this.isLeftAlone(seen, desired));
    assert.ok(!all.some((other) => other.name === name && other.state === 'running'), `two of ${name} run`);
    assert.ok(this.refusals.length === 0 && this.heldBack === undefined, `${name} is started though held back`);
    const sandbox = [...this.sandboxes.values()].find(
      (one) => one.ready && one.id === (sandboxId ?? one.id) && !this.isLeftAlone(one, desired),
    );
    assert.equal(sandbox?.pod.uid, desired.uid, `${name} is started outside the sandbox of its pod`);
    if (sandbox === undefined) return;
    const same = all.find((other) => other.pod.uid === desired.uid && other.name === name && other.attempt === attempt);
    assert.ok(same === undefined || same.state === 'created', `attempt ${attempt} of ${name} is used twice`);
    this.#checkPolicy(desired, name, round);
    this.#checkOrder(desired, name, { sandboxId: sandbox.id, round });
    const spec = specOf(desired.pod, name);
    assert.ok(spec !== undefined);
    const id = same?.id ?? `made-${this.#next++}`;
    const noted = {
      [annotations.containerHash]: definitions.get(name) ?? '',
      [annotations.configHash]: desired.hash,
      [agentAnnotations.crashes]: String(crashes),
      [agentAnnotations.stopOrder]: String(stopOrderOf(name)),
      [agentAnnotations.round]: String(round),
    };
    const times = { createdAtMs: this.nowMs, startedAtMs: this.nowMs };
    const place = { id, name, attempt, sandboxId: sandbox.id, pod: { ...desired.pod.metadata, uid: desired.uid } };
    const made = same ?? anObserved({ ...place, ...times, annotations: noted });
    this.containers.set(id, { ...made, state: 'running', startedAtMs: this.nowMs });
    this.memory.logged.set(`${desired.uid} ${name}`, attempt);
    this.#live(id, { name, probed: spec.startupProbe !== undefined });
  }

  /** What the program of a container that was just started is going to do. */
  #live(id: string, { name, probed }: { readonly name: string; readonly probed: boolean }): void {
    const goesWrong = this.#random.chance(0.3) && this.#mishaps-- > 0;
    const seen = this.containers.get(id);
    if (name.startsWith('init') || goesWrong)
      this.later(1000, () => this.exit(id, goesWrong ? this.#random.oneOf(0, 1, 42) : 0));
    if (!probed && seen !== undefined && name.startsWith('side')) this.letPass(seen);
    if (!probed || seen === undefined) return;
    const succeeds = !(this.#random.chance(0.3) && this.#mishaps-- > 0);
    this.later(2000, () => {
      if (this.containers.get(id)?.state !== 'running') return;
      this.probes.set(id, succeeds ? started : { ...started, startup: 'failure' });
      if (succeeds && name.startsWith('side')) this.letPass(seen);
    });
  }

  #stop({ id, restart }: StopContainer): void {
    if (restart !== undefined) this.memory.restart.set(id, restart);
    this.exit(id, this.#random.oneOf(0, 137, 143));
  }

  /** A main container that has ended is started again only as its policy says, or because we stopped it for that. */
  #checkPolicy({ pod, uid, hash }: DesiredPod, name: string, round: number): void {
    const spec = pod.spec.containers.find((container) => container.name === name);
    const runs = [...this.containers.values()].filter((seen) => seen.name === name && seen.pod.uid === uid);
    const last = runs.filter(isOf(hash)).sort((a, b) => b.attempt - a.attempt)[0];
    if (spec === undefined || last?.state !== 'exited' || this.memory.restart.has(last.id)) return;
    if (Number(last.annotations[agentAnnotations.round] ?? 0) < round || spec.restartPolicyRules !== undefined) return;
    const policy = spec.restartPolicy ?? pod.spec.restartPolicy;
    const restarts = policy === 'Always' || (policy === 'OnFailure' && last.exitCode !== 0);
    assert.ok(restarts, `${name} is started again after code ${last.exitCode} under ${policy}`);
  }

  /** Every init container before this one has succeeded, every sidecar before it has started, in this round. */
  #checkOrder({ pod }: DesiredPod, name: string, { sandboxId, round }: { sandboxId: string; round: number }): void {
    if (!this.#made.has(sandboxId)) return;
    const inits = (pod.spec.initContainers ?? []).map((container) => container.name);
    const before = inits.includes(name) ? inits.slice(0, inits.indexOf(name)) : inits;
    const missing = before.filter((other) => !this.passed.has(`${sandboxId} ${round} ${other}`));
    assert.deepEqual(missing, [], `${name} is started too early`);
  }
}
