import { humanDuration } from '../../base/duration.ts';
import type { RolloutEvent, RolloutStep } from '../../rollout/apply/events.ts';
import type { CliContext, CommonOptions } from '../command.ts';
import { type CliReport, createReport } from '../report.ts';

/** A report that also tells the steps of a rollout: lines for people, an event each for ndjson. */
export type RolloutReport = CliReport & {
  step(event: RolloutEvent): void;
  /** Those that have ended so far, for the document. */
  readonly steps: readonly RolloutEvent[];
};

/** What a step is called once it is done. */
const doneWords: Readonly<Record<RolloutStep, string>> = {
  plan: 'planned',
  canary: 'passed',
  prepare: 'begun',
  files: 'written',
  snapshot: 'checked',
  swap: 'swapped',
  gate: 'healthy',
  settle: 'settled',
  move: 'moved',
  undo: 'undone',
  commit: 'kept',
  objects: 'brought along',
};

export function rolloutReport(
  streams: Pick<CliContext, 'stdout' | 'stderr' | 'clock'>,
  common: CommonOptions,
): RolloutReport {
  const report = createReport(streams, common);
  const steps: RolloutEvent[] = [];
  const { stdout, clock } = streams;
  return {
    ...report,
    steps,
    step: (event) => {
      if (event.state !== 'begun') steps.push(event);
      if (common.output === 'ndjson') {
        stdout.write(`${JSON.stringify({ time: new Date(clock.now()).toISOString(), event: 'step', ...event })}\n`);
      } else if (event.step === 'plan') return;
      else if (event.state !== 'begun' || event.step === 'undo') report.item(itemOf(event));
      else report.waiting(waitText(event), clock.now());
    },
  };
}

/** `kube-apiserver  healthy  after 2.3 s` */
function itemOf({ step, state, component, durationMs, detail }: RolloutEvent) {
  const item = component ?? step;
  const took = durationMs === undefined ? '' : `after ${humanDuration(durationMs)}`;
  if (state === 'begun') return { item, action: step, because: detail ?? '' };
  if (state === 'skipped') return { item, action: 'skip', because: detail ?? '' };
  if (state === 'failed') return { item, action: `${step} failed`, because: took };
  const because = detail === undefined ? took : `${detail}${step === 'swap' || took === '' ? '' : ` (${took})`}`;
  return { item, action: doneWords[step], because };
}

function waitText({ step, component, detail }: RolloutEvent): string {
  return [
    component ?? step,
    ...(component === undefined ? [] : [step]),
    ...(detail === undefined ? [] : [detail]),
  ].join(': ');
}
