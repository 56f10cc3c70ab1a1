import { OperationError } from '../../base/errors.ts';
import { type PackagedFiles, packagedFiles } from '../../host/packaged-files.ts';

export const unitName = 'bootstrap-agent.service';
export const unitPath = `/etc/systemd/system/${unitName}`;

/** Where packages put units; what is in /etc goes before them (systemd.unit(5)). */
export const packagedUnitPaths = [
  '/usr/local/lib/systemd/system',
  '/lib/systemd/system',
  '/usr/lib/systemd/system',
].map((directory) => `${directory}/${unitName}`);

const templateFile = 'templates/systemd/bootstrap-agent.service';
const ownMark =
  '# Written by "bootstrap init", which writes it again: changes belong into drop-ins (systemctl edit).\n';

/** The unit's text as a package has it, with the command that starts the agent in the place of `@COMMAND@`. */
export async function systemdUnit(host: PackagedFiles, command: readonly string[]): Promise<string> {
  const text = await packagedFiles(host).readText(templateFile);
  if (text !== undefined) return text.replace('@COMMAND@', () => command.map(quoted).join(' '));
  throw new OperationError(`${templateFile} is missing from this installation`, { hint: 'install bootstrap again' });
}

/** The same unit where `init` writes it. */
export function ownUnit(unit: string): string {
  return ownMark + unit;
}

/** Whether `init` wrote this unit file, rather than the administrator (`systemctl edit --full`). */
export function isOwnUnit(text: string | undefined): boolean {
  return text?.startsWith(ownMark) === true;
}

export type UnitPlan = {
  readonly do: 'keep' | 'write' | 'remove';
  /** What then runs the agent, for people. */
  readonly because: string;
};

/**
 * What becomes of the unit file in /etc: a package's unit that starts this very program is used as it is, and an
 * administrator's is never touched. `present` is what is in /etc, `packaged` the package's.
 */
export function planUnit(
  unit: string,
  { present, packaged }: { readonly present: string | undefined; readonly packaged: string | undefined },
): UnitPlan {
  if (present !== undefined && !isOwnUnit(present)) return { do: 'keep', because: `the administrator’s ${unitName}` };
  if (packaged !== undefined && startLine(packaged) === startLine(unit)) {
    return { do: present === undefined ? 'keep' : 'remove', because: `the package’s ${unitName}` };
  }
  return { do: present === ownUnit(unit) ? 'keep' : 'write', because: unitName };
}

function startLine(unit: string): string | undefined {
  return /^ExecStart=.*$/m.exec(unit)?.[0];
}

/** systemd.syntax(7): quotes around words with spaces, "%" and "$" doubled. */
function quoted(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /[\s"'\\]/.test(escaped) ? `"${escaped.replace(/(["\\])/g, '\\$1')}"` : escaped;
}
