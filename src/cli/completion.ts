import { UsageError } from '../base/errors.ts';
import { longName } from './arguments.ts';
import type { CliCommand, CliContext, CommandRun } from './command.ts';
import { commands } from './commands.ts';

/** What may follow a command: subcommands, options, values of each option. */
type Row = {
  readonly path: string;
  readonly words: readonly string[];
  readonly options: readonly string[];
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Options whose value is a file or directory. */
  readonly files: readonly string[];
  /** The command of ours that prints further words. */
  readonly askedFor?: string | undefined;
};

const commonOptions = ['--output', '--v', '--no-color', '--help'];
const outputs = ['text', 'json', 'ndjson'];

type AskedNames = (context: CliContext, options: Readonly<Record<string, unknown>>) => Promise<readonly string[]>;

/** What the scripts ask us for when they complete. */
const askedNames: Readonly<Record<string, AskedNames>> = {
  pods: async (...asked) => (await import('./status/pod-names.ts')).podNames(...asked),
  revisions: async (...asked) => (await import('./rollout/revision-names.ts')).revisionNames(...asked),
};

/** Prints a completion script; it knows every command in the table, and asks for the names of pods and revisions. */
export const run: CommandRun = async (context, { options, arguments: [shell] }) => {
  const asked = askedNames[shell ?? ''];
  if (asked !== undefined) {
    context.stdout.write((await asked(context, options)).map((name) => `${name}\n`).join(''));
    return 0;
  }
  const rows = rowsOf(commands);
  const scripts: Readonly<Record<string, (rows: readonly Row[]) => string>> = { bash, zsh, fish };
  const script = scripts[shell ?? ''];
  if (script === undefined)
    throw new UsageError(`there is no completion for "${shell}"`, { hint: 'bash, zsh or fish' });
  context.stdout.write(script(rows));
  return 0;
};

export function rowsOf(all: readonly CliCommand[]): readonly Row[] {
  const table = all.filter(({ hidden }) => hidden !== true);
  const root: Row = { path: '', words: table.map(({ name }) => name), options: ['--help'], values: {}, files: [] };
  return [root, ...table.flatMap((command) => rowsBelow(command, ''))];
}

function rowsBelow(command: CliCommand, above: string): readonly Row[] {
  const path = `${above} ${command.name}`.trim();
  const options = (command.options ?? []).filter(({ hidden }) => !hidden);
  const withValues = options.filter(({ values }) => values !== undefined);
  const row: Row = {
    path,
    words: [
      ...(command.commands ?? []).map(({ name }) => name),
      ...(command.arguments ?? []).flatMap(({ values }) => values ?? []),
    ],
    options: [...options.map(longName), ...commonOptions],
    values: {
      ...Object.fromEntries(withValues.map((option) => [longName(option), option.values ?? []])),
      '--output': outputs,
    },
    files: options.filter(({ flags }) => /<(file|dir|path)>/.test(flags)).map(longName),
    askedFor: command.arguments?.find(({ askedFor }) => askedFor !== undefined)?.askedFor,
  };
  return [row, ...(command.commands ?? []).flatMap((sub) => rowsBelow(sub, path))];
}

function bash(rows: readonly Row[]): string {
  const words = rows.map(
    (row) => `    "${row.path}") words="${[...row.words, ...row.options].join(' ')}${asked(row)}" ;;`,
  );
  const values = unique(
    rows.flatMap((row) => Object.entries(row.values).map(([name, list]) => `${name}=${list.join(' ')}`)),
  );
  const files = unique(rows.flatMap((row) => row.files));
  const paths = rows.map((row) => `"${row.path}"`).join('|');
  return `# bash completion of bootstrap: . <(bootstrap completion bash)
_bootstrap() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path="" words="" root="" word last=""
  case "$previous" in
${values.map((line) => `    ${line.split('=')[0]}) COMPREPLY=($(compgen -W "${line.split('=')[1]}" -- "$current")); return ;;`).join('\n')}
    ${files.join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [ "$last" = --root-dir ] && root="$word"
    last="$word"
    case "\${path:+$path }$word" in
      ${paths}) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o filenames -F _bootstrap bootstrap
`;
}

/** In the root directory that stands on the line, should one. */
function asked({ askedFor }: Row): string {
  if (askedFor === undefined) return '';
  return ` $("\${COMP_WORDS[0]}" ${askedFor} \${root:+--root-dir "$root"} 2>/dev/null)`;
}

function zsh(rows: readonly Row[]): string {
  return `#compdef bootstrap
# zsh completion of bootstrap: it runs the bash one.
autoload -U +X bashcompinit && bashcompinit
${bash(rows)}`;
}

function fish(rows: readonly Row[]): string {
  const lines = rows.flatMap((row) => {
    const names = row.path === '' ? [] : row.path.split(' ');
    const condition =
      names.length === 0
        ? "'__fish_use_subcommand'"
        : `'${names.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ')}'`;
    const words =
      row.words.length === 0 ? [] : [`complete -c bootstrap -f -n ${condition} -a '${row.words.join(' ')}'`];
    const others =
      row.askedFor === undefined
        ? []
        : [`complete -c bootstrap -f -n ${condition} -a '(bootstrap ${row.askedFor} 2>/dev/null)'`];
    const options = row.options.map((option) => {
      const values = row.values[option];
      const argument =
        values !== undefined ? ` -x -a '${values.join(' ')}'` : row.files.includes(option) ? ' -r -F' : '';
      return `complete -c bootstrap -n ${condition} -l ${option.slice(2)}${argument}`;
    });
    return [...words, ...others, ...options];
  });
  return `# fish completion of bootstrap\ncomplete -c bootstrap -f\n${lines.join('\n')}\n`;
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)];
}
