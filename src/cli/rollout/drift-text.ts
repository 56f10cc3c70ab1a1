import { causeWords } from '../../rollout/plan/drift.ts';
import type { Change, ComponentPlan, Forms, RolloutPlan } from '../../rollout/types.ts';
import { layOut, type StatusRow } from '../status/status-layout.ts';
import type { Screen } from '../status/status-table.ts';
import { blockedText, changeLines, hanging, isBusy, objectsText } from './plan-text.ts';

export type DriftTextOptions = {
  readonly screen: Screen;
  /** The number of the last good revision. */
  readonly revision: number;
  readonly drifted: boolean;
  /** `bootstrap drift --heal`, as it is to be typed; undefined when it is what runs. */
  readonly heal: string | undefined;
};

/** What is not as the last good revision left it, field by field: wanted, on disk, running; and what healing means. */
export function driftText(plan: RolloutPlan, { screen, revision, drifted, heal }: DriftTextOptions): string {
  const notes = plan.notes.map((note) => hanging(`${screen.style.yellow('note:')} `, note, screen)).join('');
  if (!drifted) return `no drift: disk and running pods are as revision ${revision} says\n${notes}`;
  const blocks = [
    ...plan.components.filter(isBusy).map((component) => componentText(component, screen)),
    ...(plan.files.length === 0 ? [] : [filesText(plan.files, screen)]),
    ...(plan.objects.length === 0 ? [] : [objectsText(plan.objects, screen)]),
    ...(plan.takenUp.length === 0 ? [] : [takenUpText(plan.takenUp, screen)]),
    ...(plan.blocked.length === 0 ? [] : [blockedText(plan.blocked, screen)]),
  ];
  return `${hanging('', `drift from revision ${revision}:`, screen)}\n${blocks.join('\n')}\n${notes}${nextText(plan, { screen, revision, heal })}`;
}

function nextText(
  { blocked }: RolloutPlan,
  { screen, revision, heal }: Pick<DriftTextOptions, 'screen' | 'revision' | 'heal'>,
): string {
  if (blocked.length > 0) return hanging('', 'it cannot be healed until that is put right by hand', screen);
  return heal === undefined ? '' : hanging('next: ', `${heal} brings back what revision ${revision} says`, screen);
}

function componentText(
  { component, changes, restart, because, expectedApiGap }: ComponentPlan,
  screen: Screen,
): string {
  const { style } = screen;
  const fields = changes.filter(({ forms }) => forms !== undefined);
  const others = changes.filter(({ forms }) => forms === undefined);
  const gap = expectedApiGap === undefined ? '' : hanging('  expected API gap: ', expectedApiGap, screen);
  return [
    hanging(`${style.bold(component)}  `, style.yellow(causesOf(changes)), screen),
    fields.length === 0 ? '' : fieldTable(fields, screen),
    others.length === 0 ? '' : changeLines(others, screen),
    hanging('  healing takes: ', `${restart ? 'a restart' : 'no restart'}, because ${because}`, screen),
    gap,
  ].join('');
}

function causesOf(changes: readonly Change[]): string {
  return [...new Set(changes.map(({ cause }) => causeWords[cause]))].join(', ') || 'not as it should be';
}

function fieldTable(fields: readonly Change[], screen: Screen): string {
  const rows = fields.map(({ name, forms, because }, index): StatusRow => {
    const next = fields[index + 1];
    const told = next?.because === because;
    const tone = forms?.onDisk === forms?.rendered ? 'calm' : 'bad';
    return { cells: [`  ${name}`, ...cellsOf(forms)], tone, remark: told ? '' : because };
  });
  return layOut(['  FIELD', 'WANTED', 'ON DISK', 'RUNNING'], rows, screen);
}

function cellsOf(forms: Forms | undefined): readonly string[] {
  const cell = (value: string | null | undefined, absent: string) =>
    value === undefined ? absent : (value ?? '(none)').replaceAll('\n', '\\n');
  return [cell(forms?.rendered, '?'), cell(forms?.onDisk, '(no file)'), cell(forms?.running, '?')];
}

function filesText(files: readonly Change[], screen: Screen): string {
  const head = `${screen.style.bold('files')}  `;
  const healing = 'no restart, because no component reads them';
  return `${hanging(head, screen.style.yellow(causesOf(files)), screen)}${changeLines(files, screen)}${hanging('  healing takes: ', healing, screen)}`;
}

function takenUpText(changes: readonly Change[], screen: Screen): string {
  const head = `${screen.style.bold('taken up already')}  `;
  const healing = 'nothing but a new revision that knows of them';
  return `${hanging(head, screen.style.yellow(causesOf(changes)), screen)}${changeLines(changes, screen)}${hanging('  healing takes: ', healing, screen)}`;
}
