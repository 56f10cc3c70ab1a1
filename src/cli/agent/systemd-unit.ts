import { fileURLToPath } from 'node:url';
import { OperationError } from '../../base/errors.ts';
import type { HostFiles } from '../../host/host.ts';

export const unitName = 'bootstrap-agent.service';
export const unitPath = `/etc/systemd/system/${unitName}`;

const templateFile = 'templates/systemd/bootstrap-agent.service';

/** The unit's text, with the command that starts the agent in the place of `@COMMAND@`. */
export async function systemdUnit(host: Pick<HostFiles, 'readText'>, command: readonly string[]): Promise<string> {
  // Two directories up from src/cli, one from the bundle in dist.
  for (const up of ['../../', '../']) {
    const text = await host.readText(fileURLToPath(new URL(up + templateFile, import.meta.url)));
    if (text !== undefined) return text.replace('@COMMAND@', command.map(quoted).join(' '));
  }
  throw new OperationError(`${templateFile} is missing from this installation`, { hint: 'install bootstrap again' });
}

/** systemd.syntax(7): quotes around words with spaces, "%" and "$" doubled. */
function quoted(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /[\s"'\\]/.test(escaped) ? `"${escaped.replace(/(["\\])/g, '\\$1')}"` : escaped;
}
