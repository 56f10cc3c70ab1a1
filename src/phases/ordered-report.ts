import type { Report } from '../base/report.ts';
import type { WorkflowReport } from './run.ts';

type Outcome = Parameters<WorkflowReport['phaseEnded']>[1];

/**
 * Phases that run at the same time, shown one after another in the order of the list: what a later one says is held
 * back until those before it have ended. Only what is shown now may draw a living line.
 */
export class OrderedReports {
  readonly #names: readonly string[];
  readonly #report: Report;
  readonly #workflow: WorkflowReport;
  readonly #held = new Map<string, (() => void)[]>();
  readonly #ended = new Map<string, Outcome>();
  #current = 0;
  #started = false;

  constructor(names: readonly string[], report: Report, workflow: WorkflowReport) {
    this.#names = names;
    this.#report = report;
    this.#workflow = workflow;
  }

  /** The report for one phase. */
  of(name: string): Report {
    const say = (act: () => void) => {
      if (this.#isCurrent(name)) act();
      else this.#held.set(name, [...(this.#held.get(name) ?? []), act]);
    };
    return {
      item: (item) => say(() => this.#report.item(item)),
      info: (message) => say(() => this.#report.info(message)),
      warn: (message) => say(() => this.#report.warn(message)),
      file: (path, content) => say(() => this.#report.file(path, content)),
      waiting: (what, sinceMs) => {
        if (this.#isCurrent(name)) this.#report.waiting(what, sinceMs);
      },
    };
  }

  ended(name: string, outcome: Outcome): void {
    this.#ended.set(name, outcome);
    this.#advance();
  }

  /** Shows all that is held back, when a failure ends the workflow. */
  flush(): void {
    for (const name of this.#names.slice(this.#current)) {
      if (!this.#ended.has(name)) this.#ended.set(name, { durationMs: 0 });
      if ((this.#held.get(name) ?? []).length === 0 && !(this.#started && name === this.#names[this.#current])) break;
      this.#advance();
    }
  }

  #isCurrent(name: string): boolean {
    if (this.#names[this.#current] !== name) return false;
    this.#start(name);
    return true;
  }

  #start(name: string): void {
    if (this.#started) return;
    this.#started = true;
    this.#workflow.phaseStarted(name);
  }

  #advance(): void {
    for (;;) {
      const name = this.#names[this.#current];
      const outcome = name === undefined ? undefined : this.#ended.get(name);
      if (name === undefined) return;
      const held = this.#held.get(name) ?? [];
      this.#held.delete(name);
      if (outcome === undefined && held.length === 0) return;
      this.#start(name);
      for (const act of held) act();
      if (outcome === undefined) return;
      this.#workflow.phaseEnded(name, outcome);
      this.#current += 1;
      this.#started = false;
    }
  }
}
