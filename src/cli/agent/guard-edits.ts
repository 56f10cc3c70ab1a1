import { join } from 'node:path';
import type { ReviewChange } from '../../agent/source/review-changes.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Paths } from '../../config/paths.ts';
import type { Host, ProcessIdentity } from '../../host/host.ts';
import { isAlive } from '../../host/is-alive.ts';
import { lockHolder } from '../../host/lock.ts';
import { isObject } from '../../kube/decode-fields.ts';
import { parseYaml } from '../../kube/yaml.ts';
import { components, manifestFile } from '../../manifests/components.ts';
import { initLockName } from '../../phases/plan-reset.ts';
import { type HandEditNote, keptEdit, readEditNotes } from '../rollout/hand-edit-notes.ts';

export type EditGuard = {
  readonly review: ReviewChange;
  /** Edits that were taken back, for people. */
  problems(): readonly string[];
  /** Reads what an earlier agent left, and watches no more when the signal aborts. */
  start(signal: AbortSignal, look: () => Promise<void>): Promise<void>;
};

type Edited = { readonly file: string; readonly text: string };
type GuardInput = { readonly host: Host; readonly clock: Clock; readonly paths: Paths; readonly log: Log };

const askEveryMs = 250;
/** A trial that ended without a verdict is repeated, but not at once: another change may be under way. */
const tryAgainAfterMs = 5000;
/** How long the status speaks of an edit that was taken back. */
const toldForMs = 3_600_000;
const held = 'edited by hand: it is tried before it counts; the pod runs on as it was';

/**
 * Guards hand edits of the control plane's manifests, where `rollout.guardHandEdits` is on: an edit is held back, and a
 * process of its own (`bootstrap apply --adopt`) makes a rollout of it. What init or a rollout writes is not held back.
 */
export function editGuard({ host, clock, paths, log }: GuardInput): EditGuard {
  let trying: ProcessIdentity | undefined;
  let nextTrialMs = Number.NEGATIVE_INFINITY;
  let notes: readonly HandEditNote[] = [];
  let over: AbortSignal | undefined;
  let look: () => Promise<void> = async () => {};

  const follow = async (child: ProcessIdentity): Promise<void> => {
    if (await isAlive(host, child))
      return void clock.after(askEveryMs, () => over?.aborted !== true && void follow(child));
    trying = undefined;
    nextTrialMs = clock.now() + tryAgainAfterMs;
    const before = notes;
    notes = await readEditNotes(host, paths);
    for (const note of notes) {
      if (!before.some(({ atMs }) => atMs === note.atMs)) log.error(noteText(note, paths));
    }
    await look();
    clock.after(tryAgainAfterMs, () => over?.aborted !== true && void look());
  };
  const begin = async (file: string): Promise<void> => {
    const [program = '', ...self] = host.selfCommand();
    const args = [...self, 'apply', '--adopt', file, '--root-dir', paths.root, '--no-color'];
    const output = { cwd: paths.root, output: paths.agentLog, env: host.environment() };
    trying = await host.identify(await host.spawnDetached(program, args, output));
    log.info(`${file} was edited by hand: pid ${trying?.pid ?? 0} tries it`);
    if (trying !== undefined) void follow(trying);
  };
  return {
    review: async ({ file, text }) => {
      try {
        if (await mayCount(host, paths, { file, text })) return undefined;
      } catch (thrown) {
        return `whether it was edited by hand cannot be told, the pod runs on as it was: ${messageOf(thrown)}`;
      }
      const busy = await isAlive(host, trying);
      if (!busy && nextTrialMs <= clock.now()) {
        await begin(file).catch((thrown: unknown) => log.error(`${file} cannot be tried: ${messageOf(thrown)}`));
      }
      return held;
    },
    problems: () => notes.filter(({ atMs }) => clock.now() - atMs < toldForMs).map((note) => noteText(note, paths)),
    start: async (signal, onEnd) => {
      over = signal;
      look = onEnd;
      notes = await readEditNotes(host, paths).catch(() => []);
    },
  };
}

function noteText({ component, atMs, reason }: HandEditNote, paths: Paths): string {
  const when = `${new Date(atMs).toISOString().slice(0, 19)}Z`;
  const file = manifestFile(component);
  return `the hand edit of ${file} (${when}) was taken back: ${reason}; it is kept in ${keptEdit(paths, component)}`;
}

/** Whether the text is nobody's hand edit, or hand edits are not guarded here. */
async function mayCount(host: Host, paths: Paths, { file, text }: Edited): Promise<boolean> {
  const component = components.find(({ name }) => join(paths.manifestsDir, manifestFile(name)) === file)?.name;
  if (component === undefined) return true;
  if ((await lockHolder(host, join(paths.stateDir, initLockName))) !== undefined) return true;
  const { readCurrentRevision, revisionNumbers } = await import('../../rollout/revisions/revisions.ts');
  const current = await readCurrentRevision(host, paths.revisionsDir);
  if (current === undefined || !isGuarded(current.configuration)) return true;
  // What a rollout writes is in its revision before it is in the directory; what it puts back is kept there.
  if (current.manifests[component] === text) return true;
  const { readReplaced, readRevision } = await import('../../rollout/revisions/revision-files.ts');
  const number = (await revisionNumbers(host, paths.revisionsDir)).at(-1) ?? 0;
  const newest = await readRevision(host, paths.revisionsDir, number);
  if (newest === undefined || (newest.result !== 'unfinished' && newest.result !== 'rolled-back')) return false;
  const old = (await readReplaced(host, paths.revisionsDir, newest)).find(({ path }) => path === file)?.data;
  return old !== undefined && Buffer.from(old).toString() === text;
}

/** `rollout.guardHandEdits` of a stored configuration. */
function isGuarded(configuration: string): boolean {
  return parseYaml(configuration, '').documents.some(
    ({ value }) => isObject(value) && isObject(value.rollout) && value.rollout.guardHandEdits === true,
  );
}
