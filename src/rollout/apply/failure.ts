import type { ComponentState } from '../../health/component-state.ts';
import { type Failure, lastWords, logsCommand } from '../../health/explain-failure.ts';
import type { HealthContext } from '../../health/health-context.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { errorLine } from '../canary/error-line.ts';

/** A component did not become or stay healthy; `details` are its own last lines, read while they were there. */
export class ComponentFailure extends Error {
  override readonly name = 'ComponentFailure';
  readonly component: ComponentName;
  readonly details: readonly string[];
  readonly next: string;
  readonly timedOut: boolean;

  constructor(
    component: ComponentName,
    about: {
      readonly what: string;
      readonly details: readonly string[];
      readonly next: string;
      readonly timedOut?: boolean;
    },
  ) {
    super(`${component} ${about.what}`);
    this.component = component;
    this.details = about.details;
    this.next = about.next;
    this.timedOut = about.timedOut ?? false;
  }
}

/** What stands for good against a component, with its last lines. */
export async function failureFrom(
  context: HealthContext,
  { component, what, lines, diagnosis }: Failure,
  state: ComponentState,
): Promise<ComponentFailure> {
  const next = diagnosis?.reason.next(diagnosis.match).replaceAll('run init again', 'apply it again');
  const said = errorLine(lines);
  const reason = said === undefined ? '' : `: ${said}`;
  return failed(context, {
    component,
    what: `does not run: ${what}${reason}`,
    state,
    ...(next !== undefined && { next }),
  });
}

/** A failure whose reason is in `what`. */
export async function failed(
  context: HealthContext,
  about: {
    readonly component: ComponentName;
    readonly what: string;
    readonly state: ComponentState;
    readonly next?: string;
    readonly timedOut?: boolean;
  },
): Promise<ComponentFailure> {
  const { component, what, state, next = 'correct the configuration, then apply it again', timedOut } = about;
  const details = await lastWords(context, component, state);
  const hint = `${next}; more: ${logsCommand(context, component)}`;
  return new ComponentFailure(component, { what, details, next: hint, ...(timedOut !== undefined && { timedOut }) });
}
