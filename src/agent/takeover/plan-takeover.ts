/** A pod of the directory of which something of another owner is there. */
export type TakenPod = {
  /** `namespace/name`. */
  readonly key: string;
  /** What is there of the other owner's: a program that runs, one whose stop we have begun, or only remains. */
  readonly foreign: 'runs' | 'begun' | 'remains';
  /** Whether ours is Ready, or has come to its end. */
  readonly settled: boolean;
};

export type TakeoverPlan = {
  /** The pod that is being replaced, or is the next to be. */
  readonly turn: string | undefined;
  /** Whose old pod has to run on, and why. */
  readonly waiting: ReadonlyMap<string, string>;
  /** Whose old pod has been stopped and keeps its remains until ours is Ready: by them is known how far we are. */
  readonly kept: ReadonlySet<string>;
};

/**
 * Who is replaced next: one that was begun is brought to its end, then the others in the order of their names. What had
 * stopped before we came stands in for nobody: it waits for no turn, and nobody waits for it. While a `rival` still keeps
 * the old pods, none is begun.
 */
export function planTakeover(pods: readonly TakenPod[], rival: string | undefined): TakeoverPlan {
  const sorted = [...pods].sort((a, b) => (a.key < b.key ? -1 : 1));
  const begun = sorted.filter(({ foreign }) => foreign === 'begun');
  const running = sorted.filter(({ foreign }) => foreign === 'runs');
  const turn = begun[0]?.key ?? (rival === undefined ? running[0]?.key : undefined);
  const because = rival ?? `${turn} is taken over before it`;
  return {
    turn,
    waiting: new Map(running.filter(({ key }) => key !== turn).map(({ key }) => [key, because])),
    kept: new Set(begun.filter(({ settled }) => !settled).map(({ key }) => key)),
  };
}
