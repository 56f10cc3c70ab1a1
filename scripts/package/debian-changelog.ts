import { wrapped } from './roff.ts';

/** The changelog as Debian's tools read it (deb-changelog(5)): one stanza for each release of CHANGELOG.md. */
export function debianChangelog(changelog: string, { epochSeconds }: { readonly epochSeconds: number }): string {
  const stanzas = changelog.split(/^## /m).slice(1);
  return stanzas
    .map((stanza) => {
      const [title = '', ...lines] = stanza.trim().split('\n');
      const version = debianVersion(title.split(' ')[0] ?? '');
      const entries = lines.join('\n').split(/^- /m).slice(1);
      const changes = entries.flatMap((entry) =>
        wrapped(entry, 74).map((line, at) => `${at === 0 ? '  * ' : '    '}${line}`),
      );
      const signed = ` -- ${maintainer}  ${mailDate(dateOf(title) ?? epochSeconds)}`;
      return `kube-bootstrap (${version}) unstable; urgency=medium\n\n${changes.join('\n')}\n\n${signed}\n`;
    })
    .join('\n');
}

/** deb-version(7): what follows `~` sorts before its absence, as a pre-release does. */
export const debianVersion = (version: string): string => version.replace('-', '~');

const maintainer = 'kube-bootstrap authors <kube-bootstrap@example.invalid>';

/** Of a title such as `0.1.0 (2026-01-31)`, in seconds. */
function dateOf(title: string): number | undefined {
  const day = /\((\d{4}-\d\d-\d\d)\)/.exec(title)?.[1];
  return day === undefined ? undefined : Date.parse(`${day}T00:00:00Z`) / 1000;
}

/** RFC 5322: `Sat, 31 Jan 2026 00:00:00 +0000`. */
function mailDate(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toUTCString().replace('GMT', '+0000');
}
