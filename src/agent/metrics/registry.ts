import type { Labels } from '../../kube/types.ts';

/** One line of the exposition: `name{labels} value [time]`; without a time it is of the moment of asking. */
export type Sample = {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  readonly atMs?: number;
};

/** What is told under one name. */
export type Family = {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  samples(): readonly Sample[];
};

/** The content type of Prometheus' text format. */
export const expositionType = 'text/plain; version=0.0.4; charset=utf-8';

/** Families in Prometheus' text format 0.0.4, by name; one without samples is left out. */
export function exposition(families: readonly Family[]): string {
  return families
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((family) => ({ ...family, lines: family.samples().map(sampleLine) }))
    .filter(({ lines }) => lines.length > 0)
    .map(
      ({ name, type, help, lines }) => `# HELP ${name} ${escapedHelp(help)}\n# TYPE ${name} ${type}\n${lines.join('')}`,
    )
    .join('');
}

function sampleLine({ name, labels, value, atMs }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapedLabel(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}${atMs === undefined ? '' : ` ${Math.round(atMs)}`}\n`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}

function escapedHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapedLabel(text: string): string {
  return escapedHelp(text).replaceAll('"', '\\"');
}

/** The key of a set of labels in a map. */
export function labelKey(labels: Labels): string {
  return JSON.stringify(labels);
}

/** Whether labels say all that is asked. */
export function matches(labels: Labels, asked: Labels): boolean {
  return Object.entries(asked).every(([name, value]) => labels[name] === value);
}
