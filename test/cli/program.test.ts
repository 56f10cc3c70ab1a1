import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import type { CliCommand, CommandRun } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';
import { initPhaseRows } from '../../src/cli/init/init-command.ts';
import { runProgram } from '../../src/cli/program.ts';
import { initPhases } from '../../src/phases/init.ts';
import { aCliContext } from '../fakes/cli-context.ts';

type Invocation = Parameters<CommandRun>[1];

async function invoke(argv: readonly string[], table?: readonly CliCommand[]) {
  const context = aCliContext();
  const seen: Invocation[] = [];
  const run: CommandRun = async (_context, invocation) => {
    seen.push(invocation);
    return 7;
  };
  const load = async () => ({ run });
  const made: readonly CliCommand[] = table ?? [
    {
      name: 'make',
      summary: 'make it',
      examples: ['bootstrap make'],
      options: [
        { flags: '--root-dir <dir>', summary: 'where', default: '/' },
        { flags: '--dry-run', summary: 'nothing' },
        { flags: '--skip-phases <names>', summary: 'without', list: true },
      ],
      load,
      commands: [
        {
          name: 'phase',
          summary: 'one',
          examples: ['bootstrap make phase x'],
          arguments: [{ form: '<name>', summary: 'which' }],
          options: [{ flags: '--root-dir <dir>', summary: 'where', default: '/' }],
          load,
        },
      ],
    },
  ];
  const code = await runProgram({
    argv,
    commands: made,
    stdout: context.stdout,
    stderr: context.stderr,
    context: async () => context,
    onCommon() {},
  });
  return { code, invocation: seen[0], out: context.out(), err: context.err() };
}

test('a command gets its options, arguments and the common options, and gives the exit code', async () => {
  const { code, invocation } = await invoke([
    'make',
    '--skip-phases',
    'a,b',
    '--skip-phases',
    'c',
    '-o',
    'json',
    '-v',
    '2',
  ]);
  assert.equal(code, 7);
  assert.deepEqual(invocation?.options.skipPhases, ['a', 'b', 'c']);
  assert.equal(invocation?.options.rootDir, '/');
  assert.deepEqual(invocation?.common, { output: 'json', verbosity: 2, color: true });
});

test('an option may stand before or after the subcommand; what is said wins over a default', async () => {
  assert.equal((await invoke(['make', '--root-dir', '/x', 'phase', 'certs'])).invocation?.options.rootDir, '/x');
  assert.equal((await invoke(['make', 'phase', 'certs', '--root-dir', '/y'])).invocation?.options.rootDir, '/y');
  assert.deepEqual((await invoke(['make', 'phase', 'certs'])).invocation?.arguments, ['certs']);
  await assert.rejects(
    invoke(['make', '--dry-run', 'phase', 'x']),
    /--dry-run means nothing to "bootstrap make phase"/,
  );
});

test("Go's way of writing flags is understood", async () => {
  assert.equal((await invoke(['make', '--dry-run=true'])).invocation?.options.dryRun, true);
  assert.equal((await invoke(['make', '--dry-run=false'])).invocation?.options.dryRun, undefined);
  assert.equal((await invoke(['make', '-v=4', '--root-dir=/x'])).invocation?.common.verbosity, 4);
});

test('what does not exist is wrong usage with the nearest that does', async () => {
  const wrong = async (argv: readonly string[], hint: RegExp) =>
    assert.rejects(invoke(argv), (thrown: unknown) => {
      assert.ok(thrown instanceof UsageError);
      assert.equal(thrown.exitCode, 3);
      assert.match(thrown.hint ?? '', hint);
      return true;
    });
  await wrong(['mak'], /make/);
  await wrong(['make', '--root-dri', 'x'], /--root-dir/);
  await wrong(['make', 'phases', 'x'], /phase|--help/);
  await wrong(['make', '-o', 'yaml'], /--help/);
  await assert.rejects(invoke(['make', '-v', 'much']), UsageError);
});

test('nothing asked shows the help; help shows an example everywhere and loads no code', async () => {
  const whole = await invoke([], commands);
  assert.equal(whole.code, 0);
  for (const { name, hidden } of commands)
    assert.equal(new RegExp(`^  ${name}\\b`, 'm').test(whole.out), !hidden, name);
  const everywhere = (table: readonly CliCommand[], above: readonly string[]): readonly (readonly string[])[] =>
    table.flatMap((row) => [[...above, row.name], ...everywhere(row.commands ?? [], [...above, row.name])]);
  const paths = everywhere(commands, []);
  for (const path of paths) {
    const { code, out } = await invoke([...path, '--help'], commands);
    assert.equal(code, 0, path.join(' '));
    assert.match(out, /Examples:\n {2}\S/, path.join(' '));
  }
});

test('every command that can run has code behind it', async () => {
  const leaves = (table: readonly CliCommand[]): readonly CliCommand[] =>
    table.flatMap((row) => [...(row.load === undefined ? [] : [row]), ...leaves(row.commands ?? [])]);
  for (const row of leaves(commands)) assert.equal(typeof (await row.load?.())?.run, 'function', row.name);
});

test('the phases in the help are the phases of init', () => {
  type Row = { readonly name: string; readonly phases?: readonly Row[] };
  const names = (rows: readonly Row[]): unknown =>
    rows.map(({ name, phases }) => (phases === undefined ? name : [name, names(phases)]));
  assert.deepEqual(names(initPhaseRows), names(initPhases));
});
