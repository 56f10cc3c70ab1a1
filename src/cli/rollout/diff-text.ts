import { isEmpty, type RevisionDifferences } from '../../rollout/revisions/revision-differences.ts';
import type { Difference } from '../../rollout/types.ts';
import { type Style, table } from '../style.ts';

/** Differences for people: a heading for each component, a line for each thing that differs. */
export function diffText([from, to]: readonly [string, string], found: RevisionDifferences, style: Style): string {
  if (isEmpty(found)) return `${from} and ${to} are the same.\n`;
  const { components, certificates, files, configuration } = found;
  const parts = [
    ...components.map(({ component, differences }) => ({ title: component as string, differences })),
    { title: 'certificates and kubeconfigs', differences: certificates },
    { title: 'mounted files', differences: files },
    { title: 'configuration', differences: configuration },
  ];
  const shown = parts.filter(({ differences }) => differences.length > 0);
  const sections = shown.map(({ title, differences }) => `${style.bold(title)}\n${linesOf(differences, style)}`);
  return `${from} → ${to}\n\n${sections.join('\n')}`;
}

/** `~ --v  2 → 4`, `+ --profiling  false`, `- --x  y` */
function linesOf(differences: readonly Difference[], style: Style): string {
  const rows = differences.map(({ name, from, to }) => {
    if (from === undefined) return [`  ${style.green('+')} ${name}`, style.green(oneLine(to))];
    if (to === undefined) return [`  ${style.red('-')} ${name}`, style.red(oneLine(from))];
    return [`  ${style.yellow('~')} ${name}`, `${style.red(oneLine(from))} → ${style.green(oneLine(to))}`];
  });
  return table(rows);
}

function oneLine(text = ''): string {
  return text.replaceAll('\n', '\\n');
}
