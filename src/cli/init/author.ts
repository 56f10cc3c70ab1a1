import type { Host } from '../../host/host.ts';
import type { RevisionAuthor } from '../../rollout/revisions/revision.ts';

/** Options whose value is a secret. */
const secretOptions = ['--token', '--certificate-key'];

/** Who runs this command, and the command as it may be kept: without secrets. */
export function authorOf(
  host: Pick<Host, 'env' | 'hostname' | 'uid'>,
  argv: readonly string[] | undefined,
): RevisionAuthor {
  const named = ['SUDO_USER', 'LOGNAME', 'USER'].map((name) => host.env(name)).find((name) => name);
  const user = named ?? (host.uid === 0 ? 'root' : `uid ${host.uid}`);
  return { user, host: host.hostname(), command: commandLine(argv ?? []) };
}

/** As somebody would type it again, values of secret options left out. */
function commandLine(argv: readonly string[]): string {
  const words = argv.map((word, index) => {
    if (secretOptions.includes(argv[index - 1] ?? '')) return '(hidden)';
    const [name = ''] = word.split('=', 1);
    return word.includes('=') && secretOptions.includes(name) ? `${name}=(hidden)` : word;
  });
  return ['bootstrap', ...words.map(quoted)].join(' ');
}

/** A word as a shell takes it. */
export function quoted(word: string): string {
  if (word === '(hidden)' || /^[\w@%+=:,./~()-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
