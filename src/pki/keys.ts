import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import type { EncryptionAlgorithm } from '../config/types.ts';

const rsaBits = { 'RSA-2048': 2048, 'RSA-3072': 3072, 'RSA-4096': 4096 };
const curves = { 'ECDSA-P256': 'P-256', 'ECDSA-P384': 'P-384' };

/** Gives new private keys, in the order asked for. */
export type KeySource = { next(): Promise<KeyObject> };

/**
 * Makes keys in libuv's thread pool, `concurrency` at a time: no more than there are cores, so that the first ones asked
 * for are ready first, and fewer than the pool's four threads, so that file writes do not queue behind them.
 */
export function createKeySource(algorithm: EncryptionAlgorithm, concurrency: number): KeySource {
  const waiting: (() => void)[] = [];
  let running = 0;
  const startNext = () => {
    while (running < Math.max(1, Math.min(concurrency, 3)) && waiting.length > 0) {
      running += 1;
      waiting.shift()?.();
    }
  };
  return {
    next: () =>
      new Promise<KeyObject>((resolve, reject) => {
        waiting.push(() => {
          generateKey(algorithm)
            .then(resolve, reject)
            .finally(() => {
              running -= 1;
              startNext();
            });
        });
        startNext();
      }),
  };
}

function generateKey(algorithm: EncryptionAlgorithm): Promise<KeyObject> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, _publicKey: KeyObject, privateKey: KeyObject) =>
      error === null ? resolve(privateKey) : reject(error);
    if (algorithm in curves) {
      generateKeyPair('ec', { namedCurve: curves[algorithm as keyof typeof curves] }, done);
    } else {
      generateKeyPair('rsa', { modulusLength: rsaBits[algorithm as keyof typeof rsaBits] }, done);
    }
  });
}

/** `RSA PRIVATE KEY` (PKCS#1) or `EC PRIVATE KEY` (SEC1), as kubeadm writes them. */
export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: key.asymmetricKeyType === 'ec' ? 'sec1' : 'pkcs1', format: 'pem' }).toString();
}

/** `PUBLIC KEY` (PKIX) of a private key. */
export function publicKeyPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

/** The first RSA or ECDSA private key in a PEM text (PKCS#1, SEC1 or PKCS#8), or undefined when there is none. */
export function parsePrivateKey(pem: string): KeyObject | undefined {
  for (const [block] of pem.matchAll(/-----BEGIN (?:RSA |EC )?PRIVATE KEY-----[\s\S]*?-----END [A-Z ]+-----/g)) {
    try {
      const key = createPrivateKey(block);
      if (key.asymmetricKeyType === 'rsa' || key.asymmetricKeyType === 'ec') return key;
    } catch {
      // The next block may be one (client-go keyutil.ParsePrivateKeyPEM goes on as well).
    }
  }
  return undefined;
}

/** The public keys in a PEM text, which may hold several (service account keys while they are rotated). */
export function parsePublicKeys(pem: string): readonly KeyObject[] {
  return [...pem.matchAll(/-----BEGIN ([A-Z ]+)-----[\s\S]*?-----END \1-----/g)].flatMap(([block]) => {
    try {
      return [createPublicKey(block)];
    } catch {
      return [];
    }
  });
}

/** Whether the public key belongs to the private one. */
export function isPair(publicKey: KeyObject, privateKey: KeyObject): boolean {
  return createPublicKey(privateKey).equals(publicKey);
}
