import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../base/errors.ts';
import { normalizeArguments } from './arguments.ts';
import type { CliCommand, CliContext, CliOption, CommandRun, CommonOptions } from './command.ts';
import { nearestOption } from './nearest-option.ts';

type Stream = { write(text: string): void; readonly isTerminal: boolean; readonly columns: number };

export type ProgramInput = {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly commands: readonly CliCommand[];
  readonly stdout: Stream;
  readonly stderr: Stream;
  /** Made only when a command runs, so that help loads none of it. */
  readonly context: () => Promise<CliContext>;
  /** Told before a command runs, so that whoever renders its error knows how. */
  readonly onCommon: (common: CommonOptions) => void;
};

export const commonOptions: readonly CliOption[] = [
  {
    flags: '-o, --output <format>',
    summary: 'form of the result',
    values: ['text', 'json', 'ndjson'],
    default: 'text',
  },
  { flags: '-v, --v <level>', summary: 'say more; 1 adds reasons and stacks', default: '0' },
  { flags: '--no-color', summary: 'plain text, as NO_COLOR does' },
];

const commonHeading = 'Common options:';

/** Parses the command line, runs the command, gives its exit code. Wrong usage is a `UsageError`. */
export async function runProgram(input: ProgramInput): Promise<number> {
  let exitCode = 0;
  const program = new Command('bootstrap')
    .description('Brings up and runs a Kubernetes control plane.')
    .usage('COMMAND [options]')
    .helpCommand('help [command]', 'show the help of a command');
  settle(program, input, []);
  addCommonOptions(program);
  for (const row of input.commands) {
    const done = (code: number) => {
      exitCode = code;
    };
    program.addCommand(build(row, input, done, []), { hidden: row.hidden === true });
  }
  program.addHelpText('after', examplesText(['bootstrap init', 'bootstrap status', 'bootstrap init --help']));
  if (input.argv.length === 0) {
    input.stdout.write(program.helpInformation());
    return 0;
  }
  try {
    await program.parseAsync([...normalizeArguments(input.argv, input.commands)], { from: 'user' });
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.code === 'commander.helpDisplayed') return 0;
    if (thrown.code === 'commander.help') return 3;
    throw usageError(thrown, input);
  }
  return exitCode;
}

function build(row: CliCommand, input: ProgramInput, done: (code: number) => void, above: readonly string[]): Command {
  const path = [...above, row.name];
  const command = new Command(row.name).summary(row.summary).description(row.description ?? capital(row.summary));
  settle(command, input, path);
  for (const argument of row.arguments ?? []) command.argument(argument.form, argument.summary);
  for (const option of row.options ?? []) command.addOption(optionOf(option));
  addCommonOptions(command);
  for (const sub of row.commands ?? []) command.addCommand(build(sub, input, done, path));
  if (row.notes !== undefined) command.addHelpText('after', `\n${row.notes.join('\n')}`);
  command.addHelpText('after', examplesText(row.examples));
  const { load } = row;
  if (load !== undefined) command.action(async () => done(await run(command, load, input)));
  return command;
}

function addCommonOptions(command: Command): void {
  command.optionsGroup(commonHeading);
  for (const option of commonOptions) command.addOption(optionOf(option));
}

function settle(command: Command, input: ProgramInput, path: readonly string[]): void {
  command
    .exitOverride()
    .enablePositionalOptions()
    .allowExcessArguments(false)
    .addHelpOption(new Option('-h, --help', 'show this').helpGroup(commonHeading))
    .configureHelp({ showGlobalOptions: false, helpWidth: Math.min(input.stdout.columns, 110) })
    .configureOutput({
      writeOut: (text) => input.stdout.write(text),
      writeErr: (text) => input.stderr.write(text),
      outputError: () => {},
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    });
  if (path.length > 0) command.helpCommand(false);
}

function optionOf(row: CliOption): Option {
  const option = new Option(row.flags, row.summary);
  if (row.default !== undefined) option.default(row.default);
  if (row.values !== undefined) option.choices([...row.values]);
  if (row.hidden) option.hideHelp();
  if (row.group !== undefined) option.helpGroup(row.group);
  if (row.list) {
    option.argParser((value: string, before: readonly string[] | undefined) => [
      ...(before ?? []),
      ...value.split(',').filter((part) => part !== ''),
    ]);
  }
  return option;
}

async function run(
  command: Command,
  load: () => Promise<{ readonly run: CommandRun }>,
  input: ProgramInput,
): Promise<number> {
  const options = gatheredOptions(command);
  const context = await input.context();
  const common = commonOf(options, context);
  input.onCommon(common);
  const { run: act } = await load();
  return (await act(context, { options, arguments: command.args, common })) ?? 0;
}

/** A flag may stand before or after the subcommand; what was said wins over what is only a default. */
function gatheredOptions(command: Command): Record<string, unknown> {
  const chain: Command[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) chain.unshift(at);
  const known = new Set(Object.keys(command.opts()));
  for (const option of command.options) known.add(option.attributeName());
  const options: Record<string, unknown> = {};
  for (const at of chain) {
    for (const [name, value] of Object.entries(at.opts())) {
      const said = at.getOptionValueSource(name) === 'cli';
      if (said || (at === command && !(name in options))) options[name] = value;
      if (said && !known.has(name)) throw new UsageError(`--${kebab(name)} means nothing to "${titleOf(command)}"`);
    }
  }
  return options;
}

function commonOf(options: Readonly<Record<string, unknown>>, context: CliContext): CommonOptions {
  const verbosity = Number(options.v);
  if (!Number.isInteger(verbosity) || verbosity < 0) {
    throw new UsageError(`-v takes a whole number, not "${String(options.v)}"`);
  }
  const noColor = (context.host.env('NO_COLOR') ?? '') !== '' || context.host.env('TERM') === 'dumb';
  return {
    output: options.output === 'json' || options.output === 'ndjson' ? options.output : 'text',
    verbosity,
    color: options.color !== false && !noColor,
  };
}

function usageError(thrown: CommanderError, { argv, commands }: ProgramInput): UsageError {
  const [message = '', ...rest] = thrown.message.replace(/^error: /, '').split('\n');
  const suggested = rest
    .join(' ')
    .replace(/^\(|\)$/g, '')
    .trim();
  const unknown = /^unknown option '(--[^']+)'/.exec(message)?.[1];
  const near = unknown === undefined ? undefined : nearestOption(unknown, argv, commands);
  const hint = near === undefined ? suggested : `Did you mean ${near}?`;
  return new UsageError(message, { hint: hint === '' ? 'see bootstrap --help' : hint });
}

function titleOf(command: Command): string {
  return command.parent === null ? command.name() : `${titleOf(command.parent)} ${command.name()}`;
}

function examplesText(examples: readonly string[]): string {
  return `\nExamples:\n${examples.map((example) => `  ${example}\n`).join('')}`;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
