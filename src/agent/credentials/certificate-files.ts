import { join } from 'node:path';
import type { Host } from '../../host/host.ts';
import type { CertificatePair } from './certificate-tools.ts';

type PairHost = Pick<Host, 'readText' | 'writeFile' | 'makeDirectory' | 'makeSymlink' | 'rename' | 'remove'>;

/** Where a pair of this kind is kept, as client-go keeps it (util/certificate/certificate_store.go). */
export function currentPairPath(dir: string, kind: 'client' | 'server'): string {
  return join(dir, `kubelet-${kind}-current.pem`);
}

/** A pair as it is kept; `origin` is what it goes back to, when that was noted. */
export type KeptPair = CertificatePair & { readonly origin: string | undefined };

/** The pair that a link names; undefined when there is none. Certificate and key are one text. */
export async function readCurrentPair(
  host: Pick<Host, 'readText'>,
  dir: string,
  kind: 'client' | 'server',
): Promise<KeptPair | undefined> {
  const text = await host.readText(currentPairPath(dir, kind));
  if (text === undefined) return undefined;
  return { certificate: text, key: text, origin: /^origin: (\S+)$/m.exec(text)?.[1] };
}

/** Writes a pair into a file of its own, 0600, and lets the link name it: whoever follows the link sees one whole pair. */
export async function writeCurrentPair(
  host: PairHost,
  about: { readonly dir: string; readonly kind: 'client' | 'server'; readonly nowMs: number },
  { certificate, key, origin }: KeptPair,
): Promise<void> {
  const { dir, kind, nowMs } = about;
  const moment = new Date(nowMs).toISOString().slice(0, 19).replace(/[T:]/g, '-');
  const name = `kubelet-${kind}-${moment}.pem`;
  // Readers of PEM skip what stands between blocks (RFC 7468, 2).
  const note = origin === undefined ? '' : `origin: ${origin}\n`;
  const pair = certificate === key ? withoutNote(certificate) : `${certificate.trimEnd()}\n${key.trimEnd()}\n`;
  await host.makeDirectory(dir, { mode: 0o750 });
  await host.writeFile(join(dir, name), pair + note, { mode: 0o600 });
  const link = currentPairPath(dir, kind);
  await host.remove(`${link}.new`);
  await host.makeSymlink(name, `${link}.new`);
  await host.rename(`${link}.new`, link);
}

const withoutNote = (text: string) => text.replace(/^origin: .*\n?/gm, '');
