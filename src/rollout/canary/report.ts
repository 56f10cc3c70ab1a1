import type { Finding } from '../../base/diagnostics.ts';
import { PreflightError } from '../../base/errors.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { RolloutContext } from '../apply/context.ts';
import type { Canary } from './canary.ts';
import { type PlannedTrial, serverOf } from './plan-trials.ts';

export type TrialResult = {
  readonly component: ComponentName;
  /** `flags-read`: its flags and files are right as far as could be seen without its server. */
  readonly result: 'ready' | 'flags-read' | 'not-tried';
  readonly durationMs: number;
};

/** What the canaries of those that change said, none of which was refused. */
export type CanaryReport = {
  readonly trials: readonly TrialResult[];
  readonly notes: readonly string[];
  /** Why nothing was tried. */
  readonly skipped?: string;
};

const shownLines = 8;
const hint = 'correct it in the configuration; nothing was changed, and --skip-canary leaves this trial out';

/** Throws PreflightError when a component that changes would not start: all of them at once, in the programs' words. */
export function reportOf(input: {
  readonly canaries: ReadonlyMap<ComponentName, Canary>;
  readonly trials: readonly PlannedTrial[];
  readonly notes: readonly string[];
}): CanaryReport {
  const { canaries, trials, notes } = input;
  const changed = trials.filter(({ role }) => role === 'changed').map(({ component }) => component);
  const refused = changed.flatMap((component) => {
    const outcome = canaries.get(component)?.outcome;
    return outcome?.is === 'refused' ? [{ component, ...outcome }] : [];
  });
  if (refused.length > 0) throw refusalOf(refused);
  const results = changed.map((component): TrialResult => {
    const outcome = canaries.get(component)?.outcome;
    if (outcome === undefined || outcome.is === 'refused') return { component, result: 'not-tried', durationMs: 0 };
    return { component, result: outcome.is, durationMs: Math.round(outcome.tookMs) };
  });
  return {
    trials: results,
    notes: [...notes, ...results.flatMap(({ component, result }) => partly(component, result, canaries))],
  };
}

type Refused = { readonly component: ComponentName; readonly reason: string; readonly lines: readonly string[] };

function refusalOf(refused: readonly Refused[]): PreflightError {
  const said = ({ component, reason }: Refused) => `${component} would not start: ${reason}`;
  const details = refused.flatMap(({ component, lines }) => {
    const shown = lines
      .filter(isTelling)
      .slice(-shownLines)
      .map((line) => `  ${line}`);
    return shown.length === 0 ? [] : [`the last lines of ${component}:`, ...shown];
  });
  const [first] = refused;
  if (first !== undefined && refused.length === 1) return new PreflightError(said(first), { details, hint });
  const findings = refused.map(
    (item): Finding => ({ severity: 'error', path: item.component, message: `would not start: ${item.reason}` }),
  );
  return new PreflightError(`${refused.map(({ component }) => component).join(', ')} would not start`, {
    findings,
    details,
    hint,
  });
}

/** Not of the usage that many programs print after a wrong flag: headings and what is indented. */
function isTelling(line: string): boolean {
  return /^\S/.test(line) && !/^[A-Z][\w ]*:$/.test(line.trim());
}

function partly(
  component: ComponentName,
  result: TrialResult['result'],
  canaries: ReadonlyMap<ComponentName, Canary>,
): readonly string[] {
  const server = serverOf[component];
  const outcome = server === undefined ? undefined : canaries.get(server)?.outcome;
  if (result !== 'flags-read' || outcome?.is !== 'refused') return [];
  return [
    `${component} is tried only until it has read its flags: ${server} does not start beside the running one: ${outcome.reason}`,
  ];
}

/** One line for each component, and what could not be tried. */
export function sayResults({ report }: Pick<RolloutContext, 'report'>, { trials, notes }: CanaryReport): void {
  for (const { component, result, durationMs } of trials) {
    if (result === 'not-tried') continue;
    const because = result === 'ready' ? 'it was ready beside the running one' : 'it took its flags and files';
    report.item({ item: component, action: 'try', because: `${because} after ${(durationMs / 1000).toFixed(1)} s` });
  }
  for (const note of notes) report.warn(note);
}
