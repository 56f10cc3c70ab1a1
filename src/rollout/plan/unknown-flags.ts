import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Container, Pod } from '../../kube/types.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { CanaryDoors } from '../canary/doors.ts';
import type { Blocked } from '../types.ts';
import type { VersionStep } from './version-skew.ts';

export type FlagQuestion = VersionStep & { readonly pod: Pod };
export type FlagAnswers = { readonly blocked: readonly Blocked[]; readonly notes: readonly string[] };

type Tools = {
  readonly doors: CanaryDoors;
  readonly clock: Clock;
  readonly signal: AbortSignal;
};

const lookEveryMs = 40;
const answerWithinMs = 20_000;
/** A usage text of kube-apiserver has some 500 lines, and the complaint may stand on either side of it. */
const readLines = 1_000;
const mostFlags = 10;

/** Go's flag packages: pflag's (Kubernetes) and the standard one's (etcd). */
const complaint = /^(?:Error: )?(?:unknown flag: --|flag provided but not defined: --?)([^\s=]+)$/;

/**
 * Which flags of the new manifests their new programs do not know, asked of the programs themselves: each is started
 * with its command line and --help, which ends it at once. Known but hidden flags are known to it all the same, unlike
 * to a list. Only images of this machine are asked; what could not be is a note. Throws nothing.
 */
export async function askFlags(tools: Tools, questions: readonly FlagQuestion[]): Promise<FlagAnswers> {
  const answers = await Promise.all(questions.map((question) => askOne(tools, question)));
  return {
    blocked: answers.flatMap(({ blocked }) => blocked),
    notes: answers.flatMap(({ notes }) => notes),
  };
}

async function askOne(tools: Tools, question: FlagQuestion): Promise<FlagAnswers> {
  const { component, from, to } = question;
  try {
    const flags = await unknownFlags(tools, question);
    const because = (flag: string) => `${component} ${to} has no flag ${flag}`;
    return {
      blocked: flags.map((flag) => ({ field: `${component} ${flag}`, from, to, because: because(flag) })),
      notes: [],
    };
  } catch (thrown) {
    return {
      blocked: [],
      notes: [`whether ${component} ${to} knows all its flags was not asked: ${messageOf(thrown)}`],
    };
  }
}

/** It names one at a time. */
async function unknownFlags(tools: Tools, { component, pod }: FlagQuestion): Promise<readonly string[]> {
  const [main] = pod.spec.containers;
  if (main === undefined) return [];
  const found: string[] = [];
  for (let words = [...(main.command ?? []), ...(main.args ?? [])]; found.length < mostFlags; ) {
    const lines = await runOnce(tools, askingPod(component, pod, [...words, '--help']), found.length);
    const name = lines.map((line) => complaint.exec(line.trim())?.[1]).find((flag) => flag !== undefined);
    if (name === undefined) return found;
    const rest = words.filter((word) => word.replace(/^--?/, '').split('=')[0] !== name);
    found.push(`--${name}`);
    if (rest.length === words.length) return found;
    words = rest;
  }
  return found;
}

/** The program alone: nothing of the machine that it could read or write. */
function askingPod(component: ComponentName, pod: Pod, command: readonly string[]): Pod {
  const { initContainers: _init, volumes: _volumes, ...spec } = pod.spec;
  const [main] = pod.spec.containers;
  if (main === undefined) throw new Error(`${component} has no container`);
  const container: Container = { ...main, command, args: [], env: [], volumeMounts: [] };
  return {
    ...pod,
    metadata: { ...pod.metadata, name: `flags-${component}` },
    spec: { ...spec, containers: [container] },
  };
}

/** Runs a pod's container to its end and gives what it wrote. */
async function runOnce({ doors, clock, signal }: Tools, pod: Pod, attempt: number): Promise<readonly string[]> {
  const [main] = pod.spec.containers;
  const { name, namespace } = pod.metadata;
  const runtime = await doors.runtime();
  const image = await doors.obtainImage(main?.image ?? '', 'Never');
  const uid = `${name}-${attempt}`;
  const { sandbox, container } = await doors.podConfigs(pod, { uid, attempt: 0, image });
  const sandboxId = await runtime.createSandbox(sandbox);
  const id = await runtime.startContainer(sandboxId, sandbox, container);
  const giveUpAt = clock.ticks() + answerWithinMs;
  while (!signal.aborted && clock.ticks() < giveUpAt) {
    const observed = await runtime.observePods({ namespace, name });
    const state = observed.flatMap(({ containers }) => containers).find((one) => one.id === id)?.state;
    if (state === 'exited') return doors.lastLines(container.logPath, readLines);
    await sleep(clock, lookEveryMs, signal);
  }
  signal.throwIfAborted();
  throw new Error(`it did not end within ${answerWithinMs / 1000} s`);
}
