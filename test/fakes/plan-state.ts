import assert from 'node:assert/strict';
import type { DesiredPod } from '../../src/agent/desired.ts';
import { agentAnnotations } from '../../src/agent/labels.ts';
import type { PodFacts, PodOver, ProbeResults, RestartAfterStop } from '../../src/agent/plan/facts.ts';
import { annotations } from '../../src/runtime/labels.ts';
import type { ObservedContainer, ObservedPod, ObservedSandbox } from '../../src/runtime/runtime.ts';
import { startMs } from './agent-builders.ts';

/** One form of one pod. */
export const keyOf = ({ uid, hash }: DesiredPod) => `${uid}/${hash}`;

/** Whether it belongs to the form of this hash. */
export const isOf = (hash: string) => (seen: ObservedContainer) => seen.annotations[annotations.configHash] === hash;

/** What is there and what an agent remembers, without any waiting: time goes on when a test says so. */
export class PlanState {
  nowMs = startMs + 60_000;
  readonly sandboxes = new Map<string, ObservedSandbox>();
  readonly containers = new Map<string, ObservedContainer>();
  readonly probes = new Map<string, ProbeResults>();
  readonly images = new Set<string>();
  readonly stopping = new Set<string>();
  /** What the state files say: it outlives the agent. */
  readonly memory = {
    restart: new Map<string, RestartAfterStop>(),
    over: new Map<string, PodOver>(),
    startMs: new Map<string, number>(),
    logged: new Map<string, number>(),
  };
  heldBack: string | undefined;
  refusals: readonly string[] = [];
  admissionRefusals: readonly string[] = [];
  /** UID of an instance that a claim lets run on. */
  kept: string | undefined;
  /** `sandbox round name`: what has let the next container go. */
  readonly passed = new Set<string>();
  #pending: { readonly atMs: number; readonly run: () => void }[] = [];

  observed(): readonly ObservedPod[] {
    const uids = new Set([...this.sandboxes.values(), ...this.containers.values()].map(({ pod }) => pod.uid));
    const newestFirst = (a: { attempt: number }, b: { attempt: number }) => b.attempt - a.attempt;
    return [...uids].map((uid) => ({
      pod: { name: 'web-node1', namespace: 'default', uid },
      sandboxes: [...this.sandboxes.values()].filter(({ pod }) => pod.uid === uid).sort(newestFirst),
      containers: [...this.containers.values()].filter(({ pod }) => pod.uid === uid).sort(newestFirst),
    }));
  }

  facts(desired: DesiredPod | undefined): PodFacts {
    const { over, restart, startMs: began, logged } = this.memory;
    const key = desired === undefined ? '' : keyOf(desired);
    if (desired !== undefined && !began.has(key)) began.set(key, this.nowMs);
    const known = { podStartMs: began.get(key), over: over.get(key) };
    return {
      nowMs: this.nowMs,
      maxRestartPeriodMs: 300_000,
      probes: (id) => this.probes.get(id),
      image: ({ name }) => ({ state: this.images.has(name) ? 'present' : 'missing' }),
      loggedAttempt: (name) => logged.get(`${desired?.uid} ${name}`),
      refusals: this.refusals,
      admissionRefusals: this.admissionRefusals,
      stopping: (id) => this.stopping.has(id),
      restartAfterStop: (id) => restart.get(id),
      ...(this.heldBack === undefined ? {} : { heldBack: this.heldBack }),
      ...(known.podStartMs === undefined ? {} : { podStartMs: known.podStartMs }),
      ...(known.over === undefined ? {} : { over: known.over }),
      ...(this.kept === undefined ? {} : { keptUid: this.kept }),
    };
  }

  note(desired: DesiredPod, over: PodOver): void {
    const { pod, uid, hash } = desired;
    if (this.memory.over.has(keyOf(desired))) return;
    this.memory.over.set(keyOf(desired), over);
    const own = [...this.containers.values()].filter((seen) => seen.pod.uid === uid && isOf(hash)(seen));
    const ended = ({ name }: { readonly name: string }) => {
      const runs = own.filter((seen) => seen.name === name);
      return runs.some(({ state }) => state === 'exited') && !runs.some(({ state }) => state === 'running');
    };
    const failed = ({ name, state, exitCode }: ObservedContainer) =>
      name.startsWith('init') && state === 'exited' && exitCode !== 0;
    if (over.reason === undefined) assert.ok(pod.spec.containers.every(ended) || own.some(failed), 'it has not ended');
  }

  /** Lets time go on to what happens next by itself, or by `ms`; false when nothing is going to happen. */
  pass(ms: number | undefined): boolean {
    const next = Math.min(...this.#pending.map(({ atMs }) => atMs), ms === undefined ? Infinity : this.nowMs + ms);
    if (next === Infinity) return false;
    this.nowMs = Math.max(this.nowMs, next);
    const due = this.#pending.filter(({ atMs }) => atMs <= this.nowMs);
    this.#pending = this.#pending.filter(({ atMs }) => atMs > this.nowMs);
    for (const { run } of due) run();
    return true;
  }

  /** Whether a claim holds the hand over it: it belongs to the kept instance, which is not the desired one. */
  isLeftAlone({ pod }: { readonly pod: { readonly uid: string } }, desired: DesiredPod | undefined): boolean {
    return desired !== undefined && pod.uid === this.kept && pod.uid !== desired.uid;
  }

  killSandbox(id: string): void {
    const sandbox = this.sandboxes.get(id);
    if (sandbox !== undefined) this.sandboxes.set(id, { ...sandbox, ready: false });
  }

  exit(id: string, exitCode: number): void {
    const seen = this.containers.get(id);
    if (seen === undefined || (seen.state !== 'running' && seen.state !== 'unknown')) return;
    this.stopping.delete(id);
    this.probes.delete(id);
    this.containers.set(id, { ...seen, state: 'exited', exitCode, finishedAtMs: this.nowMs });
    if (exitCode === 0 && seen.name.startsWith('init')) this.letPass(seen);
  }

  protected letPass({ sandboxId, name, annotations: noted }: ObservedContainer): void {
    this.passed.add(`${sandboxId} ${Number(noted[agentAnnotations.round] ?? 0)} ${name}`);
  }

  protected later(ms: number, run: () => void): void {
    this.#pending.push({ atMs: this.nowMs + ms, run });
  }
}
