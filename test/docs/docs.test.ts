import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import type { CliCommand } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';
import { bootstrapConfiguration } from '../../src/config/fields-bootstrap.ts';
import type { FieldType } from '../../src/config/schema.ts';
import { failureReasons } from '../../src/health/failure-reasons.ts';
import { anchors, inlineCode, links, pages, type ShownCommand, shownCommands, tableNames } from './pages.ts';

const common = ['-o', '--output', '-v', '--v', '--no-color', '-h', '--help'];
const all = pages();
const troubleshooting = readFileSync('docs/troubleshooting.md', 'utf8');

describe('what the documentation names', () => {
  test('as a link or picture is there, with the heading', () => {
    const broken = all.flatMap((page) =>
      links(page).flatMap((target) => {
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? page.path : join(dirname(page.path), path);
        if (!existsSync(file)) return [`${page.path}: ${target}`];
        if (anchor === undefined) return [];
        return anchors(readFileSync(file, 'utf8')).includes(anchor) ? [] : [`${page.path}: ${target}`];
      }),
    );
    assert.deepEqual(broken, []);
  });

  test('as a command of ours exists, with its flags', () => {
    assert.deepEqual(all.flatMap(shownCommands).flatMap(unknownWords), []);
  });

  test('are all our commands', () => {
    const shown = new Set(all.flatMap(shownCommands).map(({ words }) => words[0]));
    const missing = commands.filter(({ name, hidden }) => hidden !== true && !shown.has(name)).map(({ name }) => name);
    assert.deepEqual(missing, []);
  });

  test('as a script or file of the repository is there', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const wrong = all.flatMap(({ path, text }) => [
      ...[...text.matchAll(/npm run ([\w:]+)/g)].flatMap(([, name = '']) =>
        name in scripts ? [] : [`${path}: ${name}`],
      ),
      ...inlineCode(text)
        .filter((code) => /^(src|test|scripts|templates|docs|vagrant|packaging)\/[\w./-]+$/.test(code))
        .filter((code) => !existsSync(code))
        .map((code) => `${path}: ${code}`),
    ]);
    assert.deepEqual(wrong, []);
  });
});

describe('the documentation has a row for', () => {
  test('every reason why a component does not run, by its ID', () => {
    const ids = failureReasons.map(({ id }) => id).sort();
    assert.deepEqual(tableNames(troubleshooting, 'A component does not run').toSorted(), ids);
  });

  test('every preflight check, by its name', () => {
    const checks = globSync(['src/phases/preflight.ts', 'src/phases/preflight/*-checks.ts', 'src/runtime/**/*.ts']);
    // What a runtime remarks on is shown by the name of a check too.
    const named = checks.flatMap((file) => [
      ...readFileSync(file, 'utf8').matchAll(
        file.startsWith('src/phases') ? /name: '([A-Z]\w+)/g : /check: '([A-Z]\w+)'/g,
      ),
    ]);
    const names = new Set(named.map(([, name = '']) => name));
    const rows = tableNames(troubleshooting, 'init is refused').map((row) => row.replace(/-….*/, ''));
    assert.deepEqual(rows.toSorted(), [...names].sort());
  });

  test('no reason of a pod that the agent does not give', () => {
    const sources = globSync(['src/agent/**/*.ts', 'src/runtime/**/*.ts', 'src/cli/status/*.ts'])
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const rows = tableNames(troubleshooting, 'A static pod does not run');
    assert.ok(rows.length > 5);
    assert.deepEqual(
      rows.filter((reason) => !sources.includes(`'${reason}'`)),
      [],
    );
  });

  test('every field of the BootstrapConfiguration', () => {
    const rows = tableNames(readFileSync('docs/configure.md', 'utf8'), 'BootstrapConfiguration');
    assert.deepEqual(rows.toSorted(), fieldsOf(bootstrapConfiguration).toSorted());
  });
});

/** What the program would refuse of a command that a page shows. */
function unknownWords({ page, line, words }: ShownCommand): readonly string[] {
  let [command, rest]: [CliCommand | undefined, readonly string[]] = [undefined, words];
  let below: readonly CliCommand[] = commands;
  for (;;) {
    const [word] = rest;
    const next = below.find(({ name }) => name === word);
    if (next === undefined) break;
    [command, rest, below] = [next, rest.slice(1), next.commands ?? []];
  }
  const [word = '-'] = rest;
  const isPlaceholder = /^[A-Z[]/.test(word);
  const lost =
    below.length > 0 && !word.startsWith('-') && !isPlaceholder && word !== 'help' && command?.arguments === undefined;
  const known = [...common, ...(command?.options ?? []).flatMap(({ flags }) => flags.match(/--?[a-z][\w-]*/g) ?? [])];
  const flags = rest.filter((part) => /^--?[a-z]/.test(part)).map((part) => part.replace(/[=\]].*/, ''));
  return [...(lost ? [word] : []), ...flags.filter((flag) => !known.includes(flag))].map(
    (unknown) => `${page}: ${unknown} in "${line}"`,
  );
}

function fieldsOf(type: FieldType, path: readonly string[] = []): readonly string[] {
  if (typeof type !== 'object' || !('fields' in type)) return [path.join('.')];
  return Object.entries(type.fields).flatMap(([name, field]) => fieldsOf(field, [...path, name]));
}
