import { OperationError } from '../base/errors.ts';
import { holderOf } from '../host/listeners.ts';
import type { ComponentName } from '../manifests/component.ts';
import type { ComponentState } from './component-state.ts';
import { exitCount, lastExit } from './component-state.ts';
import type { Diagnosis } from './failure-reasons.ts';
import { diagnose } from './failure-reasons.ts';
import type { HealthContext } from './health-context.ts';

const readLines = 60;
const shownLines = 8;
/** An error of the agent that stands this long will not go away by itself. */
const agentErrorPatienceMs = 4_000;

export type Failure = {
  readonly component: ComponentName;
  readonly what: string;
  readonly lines: readonly string[];
} & {
  readonly diagnosis?: Diagnosis;
};

/**
 * Whether a component has failed for good: its manifest is refused, it exited for a reason that stays, or twice. It is
 * asked again and again while `init` waits, so it reads the log only after an exit.
 */
export async function failureOf(
  context: HealthContext,
  component: ComponentName,
  seen: {
    readonly state: ComponentState;
    readonly sinceMs: number;
    /** Exits that were no failure: before a change, or its own. */
    readonly exitsBefore?: number;
    /** How many exits are no failure for good, unless their reason stays; default 1. */
    readonly forgiven?: number;
  },
): Promise<Failure | undefined> {
  const { state } = seen;
  if (state.rejected !== undefined && !state.rejected.lastGoodRuns) {
    return { component, what: `its manifest is refused: ${state.rejected.reason}`, lines: [] };
  }
  const exit = lastExit(state);
  if (exit !== undefined && exitCount(state) > (seen.exitsBefore ?? 0)) {
    return exitFailure(context, component, { state, exitsBefore: seen.exitsBefore ?? 0, forgiven: seen.forgiven ?? 1 });
  }
  const agentError = state.container?.state.running === undefined ? state.pod?.lastError : undefined;
  if (agentError === undefined) return undefined;
  const diagnosis = diagnose({ lines: [], agentError });
  const patient = diagnosis?.reason.final !== true && context.clock.now() - seen.sinceMs < agentErrorPatienceMs;
  return patient
    ? undefined
    : { component, what: `it cannot be started: ${agentError}`, lines: [], ...(diagnosis && { diagnosis }) };
}

async function exitFailure(
  context: HealthContext,
  component: ComponentName,
  seen: { readonly state: ComponentState; readonly exitsBefore: number; readonly forgiven: number },
): Promise<Failure | undefined> {
  const { state, exitsBefore, forgiven } = seen;
  const lines = await logLines(context, component, state);
  const diagnosis = diagnose({ lines });
  const exits = exitCount(state) - exitsBefore;
  if (diagnosis?.reason.final !== true && exits <= forgiven) return undefined;
  const exit = lastExit(state);
  const times = exits > 1 ? `, ${exits} times` : '';
  const why = exit?.message?.includes('probe') ? ` (${exit.message})` : memoryNote(component, state);
  const what = `it exited with code ${exit?.exitCode ?? '?'}${times}${why}`;
  return { component, what, lines, ...(diagnosis === undefined ? {} : { diagnosis }) };
}

/** Docker tells of a kill for memory only after the exit itself: with a limit, the kill alone says enough. */
function memoryNote(component: ComponentName, state: ComponentState): string {
  const exit = lastExit(state);
  const container = state.pod?.pod.spec.containers.find(({ name }) => name === component);
  const limit = container?.resources?.limits?.memory;
  if (exit?.reason === 'OOMKilled') return ` (OOMKilled: ${limit === undefined ? 'out of memory' : `limit ${limit}`})`;
  return exit?.exitCode === 137 && limit !== undefined ? ` (killed; its memory limit is ${limit})` : '';
}

async function logLines(
  context: HealthContext,
  component: ComponentName,
  state: ComponentState,
): Promise<readonly string[]> {
  if (state.pod === undefined) return [];
  try {
    return await context.lastLogLines(state.pod.pod, component, readLines);
  } catch {
    // The explanation must come even when the log cannot be read.
    return [];
  }
}

/** The error that a user reads: component, what happened, the likely reason, its own last lines, what to do next. */
export async function failureError(context: HealthContext, failure: Failure): Promise<OperationError> {
  const { component, what, lines, diagnosis } = failure;
  const details = await detailsOf(context, lines, diagnosis);
  const next = diagnosis?.reason.next(diagnosis.match) ?? 'correct the cause, then run init again';
  return new OperationError(`${component} does not run: ${what}`, {
    details,
    hint: `${next}; more: ${logsCommand(context, component)}`,
  });
}

/** The reason with the holder of a port, then the component's last lines. Also for a wait that timed out. */
async function detailsOf(
  context: HealthContext,
  lines: readonly string[],
  diagnosis: Diagnosis | undefined,
): Promise<readonly string[]> {
  const shown = lines.slice(-shownLines).map((line) => `  ${line}`);
  const log = shown.length === 0 ? [] : ['its last lines:', ...shown];
  if (diagnosis === undefined) return log;
  const port = diagnosis.reason.port?.(diagnosis.match);
  const holder = port === undefined ? undefined : holderOf(await context.host.listeners(port));
  const by = holder === undefined ? '' : ` by ${holder}`;
  // The id is what docs/troubleshooting.md is sorted by.
  return [`likely: ${diagnosis.reason.say(diagnosis.match)}${by} [${diagnosis.reason.id}]`, ...log];
}

export async function lastWords(
  context: HealthContext,
  component: ComponentName,
  state: ComponentState,
): Promise<readonly string[]> {
  const lines = await logLines(context, component, state);
  return detailsOf(
    context,
    lines,
    diagnose({ lines, ...(state.pod?.lastError === undefined ? {} : { agentError: state.pod.lastError }) }),
  );
}

export function logsCommand({ paths }: Pick<HealthContext, 'paths'>, component: string): string {
  return `bootstrap logs ${component}${paths.root === '/' ? '' : ` --root-dir ${paths.root}`}`;
}
