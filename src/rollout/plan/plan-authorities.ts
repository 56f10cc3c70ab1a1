import type { Finding } from '../../base/diagnostics.ts';
import { sha256Hex } from '../../base/hash.ts';
import type { CaState } from '../../pki/certificate-authority.ts';
import { type CertificateSpec, certificatesOf } from '../../pki/certificates.ts';
import type { CertificatePlan } from '../../pki/plan.ts';
import { pairPaths } from '../../pki/planned.ts';
import type { Blocked } from '../types.ts';
import type { PkiFacts } from './plan-pki.ts';

type Found = { readonly facts: PkiFacts; readonly findings: readonly Finding[] };

/** Why nothing can be signed by a CA, where that is so: it is lost, broken, or not the one that the cluster trusts. */
export function blockedAuthority(
  { state, spec, paths, findings }: CaState,
  found: Found,
): readonly { readonly authority: string; readonly blocked: Blocked }[] {
  const field = `${spec.baseName}.crt`;
  const blocked = (from: string, to: string, because: string) => [
    { authority: spec.name, blocked: { field, from, to, because } },
  ];
  if (state === 'absent' || state === 'broken') {
    const problem = findings.find(({ severity }) => severity === 'error')?.message ?? 'is not there';
    const because = `everything that trusts a CA would be locked out by a new one; put ${paths.crt} and ${paths.key} back`;
    return blocked(problem, 'a new CA', because);
  }
  if (!isStranger(spec, paths.crt, found) && !areOthers([paths.crt, paths.key], found.facts)) return [];
  const because = 'what it signed is still in use and would no longer be trusted; put the former one back';
  return blocked('the CA of the last good revision', 'another CA', because);
}

/** Leaves are not its own, and it is not what it was; without a revision to tell, that none of several is. */
function isStranger(authority: CertificateSpec, crt: string, { facts, findings }: Found): boolean {
  const leaves = certificatesOf(facts.config).filter(({ ca }) => ca === authority.name);
  const strangers = leaves.filter((spec) => {
    const { crt: path } = pairPaths(facts, spec);
    return findings.some(({ file, message }) => file === path && message.startsWith('is not signed by the CA'));
  });
  if (strangers.length === 0) return false;
  const last = facts.lastHashes?.get(crt);
  if (last === undefined) return leaves.length > 1 && strangers.length === leaves.length;
  return last !== sha256Hex(facts.files.get(crt)?.text ?? '');
}

/** Both halves differ from the last good revision: a certificate may be renewed under its key, a key written anew. */
function areOthers(pair: readonly string[], { files, lastHashes }: PkiFacts): boolean {
  return pair.every((path) => {
    const [last, now] = [lastHashes?.get(path), files.get(path)];
    return last !== undefined && now !== undefined && sha256Hex(now.text) !== last;
  });
}

/** Why the key of all service account tokens is not what it was: lost, broken or exchanged. */
export function blockedAccountKeys(
  { findings, items }: Pick<CertificatePlan, 'findings' | 'items'>,
  facts: PkiFacts,
): readonly Blocked[] {
  const { certificatesDir } = facts.paths;
  const pair = [`${certificatesDir}/sa.key`, `${certificatesDir}/sa.pub`];
  const broken = findings.find(({ file, severity }) => severity === 'error' && pair.includes(file ?? ''));
  const item = items.find(({ kind }) => kind === 'key-pair');
  const lost = item?.action === 'create' && item.kind === 'key-pair' && item.key === undefined;
  const field = 'sa.key';
  if (broken !== undefined || lost) {
    const because = `every service account token is signed with it, so it is never made anew; put ${pair[0]} back`;
    return [{ field, from: broken?.message ?? 'is not there', to: 'a new key', because }];
  }
  if (!areOthers(pair, facts)) return [];
  const because = 'every service account token that is out was signed with the former one; put it back';
  return [{ field, from: 'the key of the last good revision', to: 'another key', because }];
}
