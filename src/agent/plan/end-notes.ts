import type { ObservedPod } from '../../runtime/runtime.ts';

type Note = { readonly aliveAtTicks: number } | { readonly endedAtTicks: number };

/**
 * What one agent knows about the ends of containers by a clock that nobody sets (Clock.ticks): when a container ended, or
 * when it was last seen alive. May be lost at any moment; then the containers' own times count.
 */
export type EndNotes = ReadonlyMap<string, Note>;

/**
 * The notes after another look. Of a container that has ended since the last one its own finishedAt tells when, as far as
 * that can be: not in the future, and not before it was last seen alive. What is gone is forgotten.
 */
export function noteEnds(
  notes: EndNotes,
  observed: readonly ObservedPod[],
  { nowMs, ticks }: { readonly nowMs: number; readonly ticks: number },
): EndNotes {
  const next = new Map<string, Note>();
  for (const { id, state, finishedAtMs } of observed.flatMap(({ containers }) => containers)) {
    const known = notes.get(id);
    if (state !== 'exited') next.set(id, { aliveAtTicks: ticks });
    else if (known !== undefined && 'endedAtTicks' in known) next.set(id, known);
    else {
      const atMostMs = known === undefined ? Number.POSITIVE_INFINITY : ticks - known.aliveAtTicks;
      const agoMs = Math.min(Math.max(0, nowMs - (finishedAtMs ?? nowMs)), atMostMs);
      next.set(id, { endedAtTicks: ticks - agoMs });
    }
  }
  return next;
}

/** For PodFacts.endedAgoMs. */
export function endedAgoMs(notes: EndNotes, containerId: string, ticks: number): number | undefined {
  const noted = notes.get(containerId);
  return noted !== undefined && 'endedAtTicks' in noted ? ticks - noted.endedAtTicks : undefined;
}
