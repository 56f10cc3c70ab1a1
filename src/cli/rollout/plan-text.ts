import { usualReason } from '../../rollout/plan/plan-component.ts';
import type { Blocked, Change, ComponentPlan, Difference, RolloutPlan } from '../../rollout/types.ts';
import { wrapped } from '../status/status-layout.ts';
import type { Screen } from '../status/status-table.ts';

export type PlanTextOptions = {
  readonly screen: Screen;
  /** The number of the last good revision. */
  readonly revision: number | undefined;
  readonly changes: boolean;
  /** The command that does it, as it is to be typed. */
  readonly apply?: string | undefined;
};

/** The plan for people, flag by flag; no line is longer than the screen. */
export function planText(plan: RolloutPlan, options: PlanTextOptions): string {
  const { screen, revision, changes, apply } = options;
  const since = revision === undefined ? '' : ` (revision ${revision})`;
  const notes = plan.notes.map((note) => hanging(`${screen.style.yellow('note:')} `, note, screen)).join('');
  if (!changes) return `nothing to do: the control plane is as the configuration says${since}\n${notes}`;
  const running =
    plan.components.some(isBusy) || [plan.files, plan.objects, plan.blocked].some((list) => list.length > 0);
  const blocks = [
    ...(running ? [] : [configurationText(plan.configuration, screen)]),
    ...plan.components.filter(isBusy).map((component) => componentText(component, screen)),
    ...(plan.files.length === 0 ? [] : [filesText(plan.files, screen)]),
    ...(plan.objects.length === 0 ? [] : [objectsText(plan.objects, screen)]),
    ...(plan.blocked.length === 0 ? [] : [blockedText(plan.blocked, screen)]),
  ];
  const next = apply === undefined || plan.blocked.length > 0 ? '' : hanging('next: ', apply, screen);
  return `${blocks.join('\n')}\n${notes}${summary(plan, screen)}${next}`;
}

export function isBusy({ changes, restart }: ComponentPlan): boolean {
  return restart || changes.length > 0;
}

function componentText(plan: ComponentPlan, screen: Screen): string {
  const { style } = screen;
  const verb = plan.restart ? style.yellow('restarts') : style.green('no restart');
  const head = `${style.bold(plan.component)}  ${verb}, because `;
  const gap = plan.expectedApiGap === undefined ? '' : hanging('  expected API gap: ', plan.expectedApiGap, screen);
  return `${hanging(head, plan.because, screen)}${changeLines(plan.changes, screen)}${gap}`;
}

function filesText(files: readonly Change[], screen: Screen): string {
  const head = `${screen.style.bold('files')}  ${screen.style.green('no restart')}, because `;
  return hanging(head, 'no component reads them', screen) + changeLines(files, screen);
}

export function objectsText(objects: readonly Change[], screen: Screen): string {
  const head = `${screen.style.bold('objects in the cluster')}  ${screen.style.green('no restart')}\n`;
  return head + changeLines(objects, screen);
}

/** Shown alone: what runs shows by its own changes what the configuration says of it. */
function configurationText(differences: readonly Difference[], screen: Screen): string {
  const head = `${screen.style.bold('configuration')}  ${screen.style.green('no restart')}, because `;
  const changes = differences.map((difference): Change => ({ ...difference, because: '', cause: 'configuration' }));
  return hanging(head, 'nothing that runs depends on it; it is only stored', screen) + changeLines(changes, screen);
}

export function blockedText(blocked: readonly Blocked[], screen: Screen): string {
  const { red, bold } = screen.style;
  const lines = blocked.map(
    ({ field, from, to, because }) =>
      `${valueLine(red('!'), field, [from, to], screen)}${wrapped(because, screen.columns)}`,
  );
  return `${bold('cannot be changed on a living cluster')}\n${lines.join('')}`;
}

/** Changes one below the other; a reason that several in a row share stands below the last of them. */
export function changeLines(changes: readonly Change[], screen: Screen): string {
  const width = Math.min(30, Math.max(...changes.map(({ name }) => name.length)));
  return changes
    .map((change, index) => {
      const reason = reasonOf(change);
      const next = changes[index + 1];
      const shared = next !== undefined && reasonOf(next) === reason;
      return changeLine(change, width, screen) + (reason === '' || shared ? '' : wrapped(reason, screen.columns));
    })
    .join('');
}

/** `  ~ --v  2 → 4`; values that are too long for that stand below, one under the other. */
function changeLine({ name, from, to, because }: Change, width: number, screen: Screen): string {
  const { green, red, yellow } = screen.style;
  const padded = name.padEnd(width);
  if (from === undefined && to === undefined) return valueLine(yellow('~'), padded, [because], screen);
  if (from === undefined) return valueLine(green('+'), padded, [to ?? ''], screen);
  if (to === undefined) return valueLine(red('-'), padded, [from], screen);
  return valueLine(yellow('~'), padded, [from, to], screen);
}

/** What needs no words: the configuration says so, or the words are the change. */
function reasonOf({ from, to, because, cause }: Change): string {
  const said = from === undefined && to === undefined;
  return said || (cause === 'configuration' && because === usualReason) ? '' : because;
}

/** Name and value, or the former and the new one, on one line where they fit, else below. */
function valueLine(mark: string, name: string, values: readonly string[], { columns, style }: Screen): string {
  const value = values.join(' → ');
  const fits = 4 + name.length + 2 + value.length <= columns && !value.includes('\n');
  const [from, to] = values;
  if (!fits && to !== undefined) {
    const below = (head: string, text: string) => wrapped(`${head} ${text}`, columns);
    return `  ${mark} ${name.trimEnd()}\n${below('from', from ?? '')}${below('to', to)}`;
  }
  if (!fits) return `  ${mark} ${name.trimEnd()}\n${wrapped(value, columns)}`;
  const painted = to === undefined ? value : `${style.red(from ?? '')} → ${style.green(to)}`;
  return `  ${mark} ${name}${value === '' ? '' : `  ${painted}`}`.trimEnd().concat('\n');
}

/** A text after a head, further lines below it. */
export function hanging(head: string, text: string, { columns }: Screen): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one
  const length = head.replace(/\u001b\[\d+m/g, '').length + text.length;
  return length <= columns ? `${head}${text}\n` : `${head.trimEnd()}\n${wrapped(text, columns)}`;
}

function summary({ components, blocked }: RolloutPlan, { columns }: Screen): string {
  const restarting = components.filter(({ restart }) => restart).map(({ component }) => component);
  const [first, ...others] = restarting;
  const order = others.length === 0 ? `${first} restarts` : `these restart, in this order: ${restarting.join(', ')}`;
  const text = blocked.length > 0 ? refusal(blocked) : first === undefined ? 'nothing restarts' : order;
  return text.length <= columns ? `${text}\n` : wrapped(text, columns).replace(/^ {4}/gm, '');
}

function refusal(blocked: readonly Blocked[]): string {
  const fields = blocked.map(({ field }) => field);
  const named =
    fields.length > 3 ? `the ${fields.length} above are` : `${fields.join(', ')} ${fields.length === 1 ? 'is' : 'are'}`;
  return `nothing of it can be applied until ${named} as before`;
}
