import { errorsOf, type Finding } from '../base/diagnostics.ts';
import { certificateFile, serviceAccountKeys } from './certificates.ts';
import { modeFindings } from './inspect.ts';
import { isPair, parsePrivateKey, parsePublicKeys } from './keys.ts';
import type { CertificateFacts, PlannedItem, PlannedKeyPair } from './planned.ts';

/** Decides about sa.key and sa.pub. A lone sa.key gets its sa.pub; a lone sa.pub is an error, since tokens may hang on it. */
export function planServiceAccountKeys(facts: CertificateFacts): PlannedItem {
  const { name, baseName } = serviceAccountKeys;
  const { certificatesDir } = facts.paths;
  const paths = {
    key: certificateFile(certificatesDir, baseName, 'key'),
    pub: certificateFile(certificatesDir, baseName, 'pub'),
  };
  const [foundKey, foundPub] = [facts.files.get(paths.key), facts.files.get(paths.pub)];
  const key = foundKey && parsePrivateKey(foundKey.text);
  const item = { kind: 'key-pair', name, file: `${baseName}.key`, paths, key } as const;
  const findings: Finding[] = [];
  const error = (file: string, message: string, hint: string) =>
    findings.push({ severity: 'error', file, message, hint });
  if (foundKey !== undefined) {
    findings.push(...modeFindings(paths.key, foundKey));
    if (key === undefined) {
      error(paths.key, foundKey.problem ?? 'holds no readable RSA or ECDSA private key in PEM form', restore);
    }
  }
  if (foundPub !== undefined) {
    const publicKeys = parsePublicKeys(foundPub.text);
    if (foundKey === undefined) error(paths.pub, `is there without ${paths.key}`, restore);
    else if (publicKeys.length === 0) error(paths.pub, foundPub.problem ?? 'holds no readable public key', restorePub);
    else if (key !== undefined && !publicKeys.some((publicKey) => isPair(publicKey, key))) {
      error(paths.pub, `is not the public key of ${paths.key}`, restorePub);
    }
  }
  return { item: errorsOf(findings).length > 0 ? undefined : { ...item, ...decide(foundKey, foundPub) }, findings };
}

function decide(key: unknown, pub: unknown): Pick<PlannedKeyPair, 'action' | 'because'> {
  if (key === undefined) return { action: 'create', because: 'not there' };
  if (pub === undefined) return { action: 'create', because: 'sa.key is there without sa.pub' };
  return { action: 'keep', because: 'sa.key and sa.pub are a pair' };
}

const restore =
  'restore the right file, or move sa.key and sa.pub away to have new ones made; tokens signed before then end';
const restorePub = 'restore the right file, or delete sa.pub to have it made from sa.key';
