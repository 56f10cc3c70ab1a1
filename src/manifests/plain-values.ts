import type { View, ViewValue } from './component.ts';

/** Stands for a value in the rendered text; private-use characters, which no YAML syntax and no configuration uses. */
const mark = (index: number) => `\u{e000}${index}\u{e001}`;
const marks = /\u{e000}(\d+)\u{e001}/gu;

/** What YAML reads as the same string wherever it stands alone or after other text in a plain scalar. */
const plain = /^[A-Za-z0-9/._][A-Za-z0-9/._,=*@[\]:+-]*$/;
const looksLikeAnotherType = /^(?:[-+.]?\d|\.|0x|~$|(?:null|true|false|yes|no|on|off|y|n)$)/i;

/** A view whose strings are safe to put into YAML as they are, and the way back. */
export type PlainView = { readonly view: View; restore(value: unknown): unknown };

/**
 * Replaces each string of the view that YAML would misread (`a: b`, ` #`, `yes`, `12`) by a mark; `restore` puts the true
 * strings back into the parsed document. So a template stays as readable as a manifest, and no value can break out of it.
 */
export function plainView(view: View): PlainView {
  const originals: string[] = [];
  const protect = (value: ViewValue): ViewValue => {
    if (typeof value === 'string') return isPlain(value) ? value : mark(originals.push(value) - 1);
    if (Array.isArray(value)) return value.map(protect);
    if (typeof value === 'object') return protectMembers(value as View);
    return value;
  };
  const protectMembers = (members: View): View =>
    Object.fromEntries(Object.entries(members).map(([name, value]) => [name, protect(value)]));
  const restoreText = (text: string) => text.replace(marks, (_, index) => originals[Number(index)] ?? '');
  return { view: protectMembers(view), restore: (value) => mapStrings(value, restoreText) };
}

function isPlain(text: string): boolean {
  return text === '' || (plain.test(text) && !looksLikeAnotherType.test(text) && !text.endsWith(':'));
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, change));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [change(key), mapStrings(member, change)]);
  return Object.fromEntries(members);
}
