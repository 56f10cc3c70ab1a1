import type { CliCommand, CliOption } from '../../src/cli/command.ts';
import { commands as allCommands } from '../../src/cli/commands.ts';
import { commonOptions } from '../../src/cli/program.ts';
import { environment, exitCodes, files } from './man-tables.ts';
import { bold, escaped, filled, heading, optionForm, paragraph, subheading, tagged, verbatim } from './roff.ts';

/** `bootstrap-init.1` and what is in it. */
export type ManPage = { readonly name: string; readonly text: string };
type Release = { readonly version: string; readonly epochSeconds: number };

/** bootstrap(1), and a page for each command: what `--help` says, from the same tables. */
export function manPages(release: Release, commands: readonly CliCommand[] = allCommands): readonly ManPage[] {
  const shown = commands.filter(({ hidden }) => hidden !== true);
  return [
    { name: 'bootstrap.1', text: programPage(shown, release) },
    ...shown.map((command) => ({ name: `bootstrap-${command.name}.1`, text: commandPage(command, release) })),
  ];
}

function programPage(commands: readonly CliCommand[], release: Release): string {
  return page('bootstrap', 'bring up and run a Kubernetes control plane', release, [
    heading('Synopsis'),
    `${bold('bootstrap')} \\fIcommand\\fR [\\fIoptions\\fR]`,
    heading('Description'),
    filled(escaped(about)),
    heading('Commands'),
    ...commands.map(({ name, summary }) => tagged(pageName(`bootstrap-${name}`), escaped(summary))),
    heading('Options'),
    'Every command takes these.',
    ...everyonesOptions.map(optionEntry),
    heading('Exit status'),
    ...exitCodes.map(([code, meaning]) => tagged(bold(code), escaped(meaning))),
    heading('Environment'),
    ...environment.map(([name, meaning]) => tagged(bold(name), escaped(meaning))),
    heading('Files'),
    ...files.map(([path, meaning]) => tagged(`\\fI${escaped(path)}\\fR`, escaped(meaning))),
    heading('Examples'),
    verbatim(['bootstrap init', 'bootstrap status', 'bootstrap plan --config kubeadm.yaml']),
    heading('See also'),
    filled(commands.map(({ name }) => pageName(`bootstrap-${name}`)).join(', ')),
  ]);
}

const about =
  'Turns a machine into a Kubernetes control plane: certificates, kubeconfigs and static pod manifests from a kubeadm ' +
  'configuration, and an agent that runs them in Docker, containerd, CRI-O or as child processes. A change of the ' +
  'configuration is tried first, rolled one component at a time, and goes back by itself when it fails.';

function commandPage(command: CliCommand, release: Release): string {
  const options = shownOptions(command);
  return page(`bootstrap-${command.name}`, command.summary, release, [
    heading('Synopsis'),
    synopsis(`bootstrap ${command.name}`, command),
    heading('Description'),
    filled(escaped(command.description ?? `${sentence(command.summary)}.`)),
    ...(command.notes === undefined ? [] : [paragraph(command.notes.join(' '))]),
    ...argumentEntries(command),
    heading('Options'),
    ...optionEntries(options),
    ...(options.length === 0 ? [] : [subheading('Common options')]),
    ...everyonesOptions.map(optionEntry),
    ...subcommandSections(command, options),
    heading('Examples'),
    verbatim(command.examples),
    heading('See also'),
    pageName('bootstrap'),
  ]);
}

/** What the sections above have said, so that none says it again. */
type Said = { readonly options: Set<string>; readonly lists: Map<string, string> };

function subcommandSections(command: CliCommand, known: readonly CliOption[]): readonly string[] {
  if (command.commands === undefined) return [];
  const below = descendants(command, `bootstrap ${command.name}`);
  const said: Said = { options: new Set(known.map(optionText)), lists: new Map() };
  return [heading('Subcommands'), ...below.flatMap(({ path, row }) => subcommandSection(path, row, said))];
}

function subcommandSection(path: string, row: CliCommand, said: Said): readonly string[] {
  const options = shownOptions(row);
  const fresh = options.filter((option) => !said.options.has(optionText(option)));
  for (const option of fresh) said.options.add(optionText(option));
  return [
    subheading(path),
    synopsis(path, row),
    paragraph(row.description ?? `${sentence(row.summary)}.`),
    ...argumentTags(row),
    ...fresh.map(optionEntry),
    ...optionsAsAbove(
      path,
      options.filter((option) => !fresh.includes(option)),
      said,
    ),
    ...(row.commands === undefined ? ['.PP', verbatim(row.examples)] : []),
  ];
}

function optionsAsAbove(path: string, options: readonly CliOption[], { lists }: Said): readonly string[] {
  if (options.length === 0) return [];
  const list = options.map(({ flags }) => bold(longName(flags))).join(', ');
  const same = lists.get(list);
  if (same === undefined) lists.set(list, path);
  return ['.PP', filled(same === undefined ? `Takes, as above: ${list}.` : `Takes the options of ${bold(same)}.`)];
}

function descendants(
  command: CliCommand,
  above: string,
): readonly { readonly path: string; readonly row: CliCommand }[] {
  return (command.commands ?? []).flatMap((row) => {
    const path = `${above} ${row.name}`;
    return [{ path, row }, ...descendants(row, path)];
  });
}

function page(name: string, summary: string, { version, epochSeconds }: Release, parts: readonly string[]): string {
  const day = new Date(epochSeconds * 1000).toISOString().slice(0, 10);
  const title = `.TH ${name.toUpperCase()} 1 ${day} "kube-bootstrap ${version}" "kube-bootstrap"`;
  return `${[title, '.nh', '.ad l', '.SH NAME', filled(`${name} \\- ${escaped(summary)}`), ...parts].join('\n')}\n`;
}

function synopsis(path: string, row: CliCommand): string {
  const forms = (row.arguments ?? []).map(({ form }) => optionForm(form));
  const sub = row.commands === undefined ? [] : [row.load === undefined ? '\\fIcommand\\fR' : '[\\fIcommand\\fR]'];
  return filled([bold(path), ...sub, ...forms, '[\\fIoptions\\fR]'].join(' '));
}

function argumentEntries(row: CliCommand): readonly string[] {
  return row.arguments === undefined ? [] : [heading('Arguments'), ...argumentTags(row)];
}

function argumentTags(row: CliCommand): readonly string[] {
  return (row.arguments ?? []).map(({ form, summary }) => tagged(optionForm(form), escaped(summary)));
}

/** Options without a heading of their own first, then each group below its heading. */
function optionEntries(options: readonly CliOption[]): readonly string[] {
  const groups = [...new Set(options.map(({ group }) => group))].sort(
    (a, b) => Number(a !== undefined) - Number(b !== undefined),
  );
  return groups.flatMap((group) => [
    ...(group === undefined ? [] : [subheading(group.replace(/:$/, ''))]),
    ...options.filter((option) => option.group === group).map(optionEntry),
  ]);
}

function optionEntry({ flags, summary, values, default: standard }: CliOption): string {
  const facts = [
    ...(values === undefined ? [] : [`one of ${values.join(', ')}`]),
    ...(standard === undefined ? [] : [`default ${standard}`]),
  ];
  return tagged(optionForm(flags), escaped(`${summary}${facts.length === 0 ? '' : ` (${facts.join('; ')})`}`));
}

const everyonesOptions: readonly CliOption[] = [...commonOptions, { flags: '-h, --help', summary: 'show the help' }];
const shownOptions = (row: CliCommand) => (row.options ?? []).filter(({ hidden }) => hidden !== true);
const optionText = ({ flags, summary }: CliOption) => `${flags}\n${summary}`;
const longName = (flags: string) => /--[a-z0-9-]+/i.exec(flags)?.[0] ?? flags;
const pageName = (name: string) => `${bold(name)}(1)`;
const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
