import type { Document, Node, Pair, ParsedNode, Tags } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, stringify } from 'yaml';
import type { Finding } from '../base/diagnostics.ts';
import { messageOf } from '../base/errors.ts';
import { kubernetesScalars, quotedForOthers } from './yaml-scalars.ts';

type Position = { readonly line: number; readonly column: number };
export type Path = readonly (string | number)[];

export type YamlDocument = {
  /** Plain data; the members of merged maps (`<<`) are in it. */
  readonly value: unknown;
  /** Where a member is written (its value unless `of` says key); of the nearest one above it when it is not written itself. */
  position(path: Path, of?: 'key' | 'value'): Position | undefined;
};

export type ParsedYaml = { readonly documents: readonly YamlDocument[]; readonly findings: readonly Finding[] };

/** No YAML holds these (YAML 1.2, 5.1), nor does JSON. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const forbidden = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/;

type Parsed = Document.Parsed<ParsedNode, true>;
type Fail = (offset: number, message: string, path?: Path) => void;

/**
 * The documents of a YAML or JSON text that are not empty, read as Kubernetes reads them (yaml-scalars.ts). Syntax
 * errors and duplicate keys are findings with their place; a document that cannot be read is left out.
 */
export function parseYaml(text: string, file: string): ParsedYaml {
  const lines = new LineCounter();
  const findings: Finding[] = [];
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: Math.max(1, col) };
  };
  const fail: Fail = (offset, message, path) =>
    findings.push({ severity: 'error', file, ...at(offset), ...(path && { path: pathText(path) }), message });
  const control = text.search(forbidden);
  if (control >= 0) {
    const code = text.charCodeAt(control).toString(16).padStart(2, '0');
    const before = text.slice(0, control).split('\n');
    const place = { line: before.length, column: (before.at(-1) ?? '').length + 1 };
    const message = `not valid YAML: control character 0x${code}`;
    return { documents: [], findings: [{ severity: 'error', file, ...place, message }] };
  }
  const documents = parseNodes(text, lines, fail).flatMap((node) => {
    // The first error only: those after it are mostly its consequences.
    const [error] = node.errors;
    if (error !== undefined) fail(error.pos[0], `not valid YAML: ${inWords(error)}`);
    if (error !== undefined || isEmpty(node)) return [];
    const document = documentOf(node, at, fail);
    return document === undefined ? [] : [document];
  });
  return { documents, findings };
}

/** One value from a JSON or YAML text; undefined when it is neither, or holds more than one document. */
export function parseJsonOrYaml(text: string): unknown {
  if (/^\s*[{[]/.test(text)) {
    try {
      return JSON.parse(text);
    } catch {
      // A YAML flow mapping looks like JSON at first sight.
    }
  }
  const { documents, findings } = parseYaml(text, '');
  return findings.length > 0 || documents.length !== 1 ? undefined : documents[0]?.value;
}

/**
 * YAML in the form of kubeadm's files: block style, sequences not indented, lines never folded, keys in the order given;
 * strings are quoted only where some YAML 1.1 or 1.2 parser would read another type.
 */
export function toYaml(value: unknown): string {
  return stringify(value, {
    customTags: (tags) => [...structural(tags), ...kubernetesScalars, ...quotedForOthers],
    aliasDuplicateObjects: false,
    indentSeq: false,
    lineWidth: 0,
    singleQuote: false,
  });
}

/** `a.b[0].c`: a path as messages show it. */
export function pathText(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

function structural(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === 'object' && /:(?:map|seq|str)$/.test(tag.tag));
}

function parseNodes(text: string, lines: LineCounter, fail: Fail): readonly Parsed[] {
  try {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      merge: true,
      logLevel: 'silent',
      customTags: (tags) => [...structural(tags), ...kubernetesScalars],
    });
    return 'empty' in parsed ? [] : parsed;
  } catch (thrown) {
    fail(0, `not valid YAML: ${inWords(thrown)}`);
    return [];
  }
}

function isEmpty({ contents }: Parsed): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

function documentOf(node: Parsed, at: (offset: number) => Position, fail: Fail): YamlDocument | undefined {
  const startOf = (found: Node | null) => (found?.range == null ? undefined : at(found.range[0]));
  try {
    findDuplicateKeys(node.contents, [], (key, path, first) =>
      fail(key.range?.[0] ?? 0, `duplicate key, first given in line ${startOf(first)?.line}`, path),
    );
    const value: unknown = node.toJS({ maxAliasCount: 1000 });
    if (holdsItself(value, new Set())) throw new Error('an alias stands inside of what it stands for');
    return { value, position: (path, of = 'value') => startOf(nodeAt(node, path, of)) };
  } catch (thrown) {
    // Aliases to nothing, too many of them, and merge keys on something that is no map are seen only here.
    fail(node.range[0], `not valid YAML: ${inWords(thrown)}`);
    return undefined;
  }
}

/** The parser recurses: nesting of many thousand levels overflows the stack. */
function inWords(thrown: unknown): string {
  return /call stack/i.test(messageOf(thrown)) ? 'it is nested too deeply' : messageOf(thrown);
}

function holdsItself(value: unknown, above: Set<object>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (above.has(value)) return true;
  above.add(value);
  const found = Object.values(value).some((member) => holdsItself(member, above));
  above.delete(value);
  return found;
}

function findDuplicateKeys(node: unknown, path: Path, found: (key: Node, path: Path, first: Node) => void): void {
  if (isSeq(node)) for (const [index, item] of node.items.entries()) findDuplicateKeys(item, [...path, index], found);
  if (!isMap(node)) return;
  const seen = new Map<string, Node>();
  for (const { key, value } of node.items as Pair<Node, unknown>[]) {
    const name = keyName(key);
    const first = seen.get(name);
    if (first === undefined) seen.set(name, key);
    else if (name !== '<<') found(key, [...path, name], first);
    findDuplicateKeys(value, [...path, name], found);
  }
}

function nodeAt(document: Parsed, path: Path, of: 'key' | 'value'): Node | null {
  let node: Node | null = document.contents;
  for (const [depth, part] of path.entries()) {
    const inside: unknown = isAlias(node) ? node.resolve(document) : node;
    if (isSeq(inside) && typeof part === 'number') {
      const item: unknown = inside.items[part];
      if (item === undefined) return node;
      node = item as Node;
    } else if (isMap(inside)) {
      const pair = (inside.items as Pair<Node, Node | null>[]).findLast(({ key }) => keyName(key) === String(part));
      if (pair === undefined) return node;
      const last = depth === path.length - 1;
      node = (last && of === 'key') || pair.value === null ? pair.key : pair.value;
    } else {
      return node;
    }
  }
  return node;
}

function keyName(key: unknown): string {
  if (!isScalar(key)) return String(key);
  return typeof key.value === 'symbol' ? '<<' : String(key.value ?? '');
}
