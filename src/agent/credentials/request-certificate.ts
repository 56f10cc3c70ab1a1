import { type Clock, sleep } from '../../base/clock.ts';
import { shortHash } from '../../base/hash.ts';
import type { KubeClient, KubeObject } from '../../kube/client.ts';

const requestsPath = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

/** Who signs what, and what for (k8s.io/api/certificates/v1). */
export const signers = {
  client: { signerName: 'kubernetes.io/kube-apiserver-client-kubelet', usages: ['digital signature', 'client auth'] },
  serving: { signerName: 'kubernetes.io/kubelet-serving', usages: ['digital signature', 'server auth'] },
} as const;

type SigningRequest = KubeObject & {
  readonly status?: {
    readonly certificate?: string;
    readonly conditions?: readonly { readonly type: string; readonly reason?: string; readonly message?: string }[];
  };
};

/** How long one request is waited for; after that another one is made. */
const waitMs = 15 * 60_000;
const firstLookMs = 250;
const longestLookMs = 10_000;

/**
 * Has a certificate signed by the cluster: makes a CertificateSigningRequest and waits until it is approved and issued.
 * Gives the PEM text of the certificate. Throws when it is denied, fails, or is not issued within 15 minutes.
 */
export async function requestCertificate(
  doors: { readonly client: KubeClient; readonly clock: Clock; readonly signal: AbortSignal },
  signer: keyof typeof signers,
  request: string,
): Promise<string> {
  const { client, clock, signal } = doors;
  const name = `csr-${shortHash(request).slice(0, 16)}`;
  await client.createObject(requestsPath, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request: Buffer.from(request).toString('base64'), ...signers[signer] },
  } as KubeObject);
  const sinceTicks = clock.ticks();
  for (let everyMs = firstLookMs; !signal.aborted; everyMs = Math.min(everyMs * 2, longestLookMs)) {
    const found = await client.get<SigningRequest>(`${requestsPath}/${name}`);
    const { certificate, conditions = [] } = found?.status ?? {};
    if (certificate !== undefined && certificate !== '') return Buffer.from(certificate, 'base64').toString();
    const refusal = conditions.find(({ type }) => type === 'Denied' || type === 'Failed');
    if (refusal !== undefined) {
      throw new Error(
        `the request ${name} was ${refusal.type.toLowerCase()}: ${refusal.message ?? refusal.reason ?? ''}`,
      );
    }
    if (found === undefined) throw new Error(`the request ${name} is gone`);
    if (clock.ticks() - sinceTicks > waitMs) {
      throw new Error(`the request ${name} is not approved: kubectl certificate approve ${name}`);
    }
    await sleep(clock, everyMs, signal);
  }
  throw new Error('the agent ends');
}
