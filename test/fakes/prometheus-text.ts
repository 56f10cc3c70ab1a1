export type ParsedSample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};
export type ParsedFamily = { readonly type: string; readonly help: string; readonly samples: readonly ParsedSample[] };

type Open = { type?: string; help?: string; readonly samples: ParsedSample[] };

const name = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const pair = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const sampleLine = new RegExp(`^(${name})(?:\\{(${pair}(?:,${pair})*)?\\})? (\\S+)$`);

/**
 * Reads Prometheus' text format 0.0.4 as strictly as `promtool check metrics`: HELP and TYPE once and first, families in
 * one piece, no series twice, histograms whole and growing, counters that end in _total. Throws what is wrong, with its line.
 */
export function parsePrometheus(text: string): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Open>();
  let current = '';
  for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
    const fail = (what: string) => new Error(`line ${index + 1}: ${what}: ${line}`);
    const [, kind, about = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind !== undefined) {
      const family = families.get(about) ?? { samples: [] };
      if (family.samples.length > 0) throw fail('after its own samples');
      if (kind === 'HELP' ? family.help !== undefined : family.type !== undefined) throw fail('said twice');
      if (kind === 'HELP') family.help = rest;
      else family.type = rest;
      families.set(about, family);
      current = about;
      continue;
    }
    const sample = sampleOf(line);
    if (sample === undefined) throw fail('no sample');
    const family = families.get(current);
    if (family?.type === undefined || family.help === undefined) throw fail('without HELP and TYPE');
    if (!belongs(sample.name, current, family.type)) throw fail(`stands below ${current}`);
    family.samples.push(sample);
  }
  for (const [about, family] of families) checkFamily(about, family);
  return families as ReadonlyMap<string, ParsedFamily>;
}

/** The value of the one series with these labels. */
export function seriesValue(
  families: ReadonlyMap<string, ParsedFamily>,
  series: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const all = [...families.values()].flatMap(({ samples }) => samples);
  const found = all.filter(
    (sample) =>
      sample.name === series && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  if (found.length > 1) throw new Error(`${series} has ${found.length} such series`);
  return found[0]?.value;
}

function sampleOf(line: string): ParsedSample | undefined {
  const [, series, labels = '', number = ''] = sampleLine.exec(line) ?? [];
  const value = /^[+-]Inf$/.test(number) ? Number(`${number}inity`) : Number(number);
  if (series === undefined || (Number.isNaN(value) && number !== 'NaN')) return undefined;
  const pairs = [...labels.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/g)];
  const unescaped = (text: string) =>
    text.replace(/\\(["\\n])/g, (_all, letter: string) => (letter === 'n' ? '\n' : letter));
  const entries = pairs.map(([, label = '', text = '']) => [label, unescaped(text)] as const);
  if (new Set(entries.map(([label]) => label)).size !== entries.length) return undefined;
  return { name: series, labels: Object.fromEntries(entries), value };
}

function belongs(sample: string, family: string, type: string): boolean {
  if (type !== 'histogram') return sample === family;
  return [`${family}_bucket`, `${family}_sum`, `${family}_count`].includes(sample);
}

function checkFamily(about: string, { type, help, samples }: Open): void {
  if (type === undefined || help === undefined || help === '') throw new Error(`${about} lacks HELP or TYPE`);
  if (!['counter', 'gauge', 'histogram'].includes(type)) throw new Error(`${about} is of no type: ${type}`);
  if ((type === 'counter') !== about.endsWith('_total'))
    throw new Error(`${about}: counters, and they alone, end in _total`);
  const keys = samples.map((sample) => `${sample.name}${JSON.stringify(Object.entries(sample.labels).sort())}`);
  if (new Set(keys).size !== keys.length) throw new Error(`${about} tells a series twice`);
  if (type === 'histogram') checkHistogram(about, samples);
}

function checkHistogram(about: string, samples: readonly ParsedSample[]): void {
  const bySeries = Map.groupBy(samples, ({ labels: { le: _le, ...labels } }) => JSON.stringify(labels));
  for (const [series, members] of bySeries) {
    const buckets = members.filter((sample) => sample.name === `${about}_bucket`);
    const bounds = buckets.map(({ labels }) => Number(labels.le?.replace('+Inf', 'Infinity')));
    const counts = buckets.map(({ value }) => value);
    const grows = (list: readonly number[]) => list.every((value, index) => value >= (list[index - 1] ?? 0));
    const count = members.find((sample) => sample.name === `${about}_count`)?.value;
    const hasSum = members.some((sample) => sample.name === `${about}_sum`);
    if (!grows(bounds) || !grows(counts)) throw new Error(`${about}${series}: buckets do not grow`);
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${about}${series}: no bucket +Inf`);
    if (count !== counts.at(-1) || !hasSum) throw new Error(`${about}${series}: _sum or _count is missing or wrong`);
  }
}
