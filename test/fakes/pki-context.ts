import { silentLog } from '../../src/base/log.ts';
import type { ItemReport } from '../../src/base/report.ts';
import { pathsOf } from '../../src/config/paths.ts';
import type { Config, EncryptionAlgorithm } from '../../src/config/types.ts';
import type { Host } from '../../src/host/host.ts';
import type { PhaseContext } from '../../src/phases/phase.ts';
import { planPki, startPki } from '../../src/phases/pki.ts';
import { issueCertificate, type KeyObject, type Signer, type X509Certificate } from '../../src/pki/x509.ts';
import { aConfig } from './builders.ts';
import { FakeClock } from './fake-clock.ts';
import { aMachine, type MemoryHost } from './memory-host.ts';

/** A default configuration with ECDSA keys, which are made in a fraction of a millisecond. */
export function anEcdsaConfig(change: Partial<Config['cluster']> = {}): Config {
  const encryptionAlgorithm: EncryptionAlgorithm = 'ECDSA-P256';
  return aConfig((config) => ({ ...config, cluster: { ...config.cluster, encryptionAlgorithm, ...change } }));
}

/** A context for the certs and kubeconfig phases that reach nothing but files, with what they reported. */
export function pkiContext(
  host: MemoryHost,
  given: { readonly config?: Config; readonly clock?: FakeClock; readonly signal?: AbortSignal } = {},
): PhaseContext & { readonly items: ItemReport[]; readonly warnings: string[] } {
  const items: ItemReport[] = [];
  const warnings: string[] = [];
  const reach = new Proxy(host, {
    get: (target, name) => {
      if (name in machine) return machine[name as keyof typeof machine];
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return {
    config: given.config ?? anEcdsaConfig(),
    paths: pathsOf('/'),
    host: reach as unknown as Host,
    clock: given.clock ?? new FakeClock(),
    report: {
      item: (item) => items.push(item),
      warn: (message) => warnings.push(message),
      waiting() {},
      info() {},
      file() {},
    },
    log: silentLog,
    signal: given.signal ?? new AbortController().signal,
    dryRun: false,
    items,
    warnings,
  };
}

const machine = aMachine();

/** Makes the whole of the PKI and the kubeconfigs in the memory host. */
export async function makePki(context: PhaseContext): Promise<void> {
  await startPki(context, await planPki(context)).done;
}

/** A self-signed CA of somebody else. */
export function aCa(commonName: string, key: KeyObject, validity: Partial<Validity> = {}): Signer {
  const content = { commonName, organizations: [], isCa: true, usages: [], sans: [commonName] };
  return { key, certificate: issueCertificate({ ...content, ...always, ...validity }, key) };
}

/** A leaf of that CA. */
export function aLeaf(
  ca: Signer,
  key: KeyObject,
  change: Partial<Validity> & { readonly commonName?: string; readonly sans?: readonly string[] } = {},
): X509Certificate {
  const content = { commonName: 'somebody', organizations: [], isCa: false, sans: [] };
  return issueCertificate({ ...content, usages: ['serverAuth', 'clientAuth'], ...always, ...change }, key, ca);
}

type Validity = { readonly notBeforeMs: number; readonly notAfterMs: number };
const always: Validity = { notBeforeMs: Date.UTC(2025, 0, 1), notAfterMs: Date.UTC(2035, 0, 1) };
