import type { ClusterAccess } from '../../kube/client.ts';
import type { CertificateFacts, CertificatePair } from './certificate-tools.ts';

export type DescribedPair = { readonly pair: CertificatePair; readonly facts: CertificateFacts };

/** Whom the API server is asked as. */
export type CredentialsPlan = {
  readonly access: ClusterAccess;
  /** The client certificate that is used; absent with a token. */
  readonly chosen?: DescribedPair;
  readonly from: 'kubeconfig' | 'rotated';
  /** By this machine's clock. The server's decides, so that it is tried all the same. */
  readonly problem?: string;
};

type Candidates = {
  readonly embedded: DescribedPair | undefined;
  readonly rotated: DescribedPair | undefined;
  /** Fingerprint of the kubeconfig's certificate that the rotated one goes back to; undefined: a kubelet has made it. */
  readonly origin: string | undefined;
};

/**
 * Of the certificate in the kubeconfig and the rotated one that which is meant: whoever writes a new kubeconfig means
 * that, else rotation goes on. The other one counts when the meant one does not hold. When files were written tells
 * nothing, for clocks are set; nor when certificates begin, which kubeadm's do with their CA.
 */
export function planCredentials(
  input: Candidates & { readonly access: ClusterAccess; readonly nowMs: number },
): CredentialsPlan {
  const { access, embedded, nowMs } = input;
  if (embedded === undefined && access.clientCertificate === undefined && access.token !== undefined) {
    return { access, from: 'kubeconfig' };
  }
  const candidates = inOrder(input);
  const holding = candidates.filter(({ facts }) => facts.notBeforeMs <= nowMs && nowMs < facts.notAfterMs);
  const [chosen] = holding.length > 0 ? holding : candidates;
  if (chosen === undefined) {
    return { access, from: 'kubeconfig', problem: 'holds neither a client certificate with its key nor a token' };
  }
  const { certificate: clientCertificate, key: clientKey } = chosen.pair;
  const problem = holding.length > 0 ? undefined : problemOf(chosen.facts, nowMs);
  return {
    access: { ...access, clientCertificate, clientKey },
    chosen,
    from: chosen === embedded ? 'kubeconfig' : 'rotated',
    ...(problem === undefined ? {} : { problem }),
  };
}

/** The meant one first. */
function inOrder({ embedded, rotated, origin }: Candidates): readonly DescribedPair[] {
  if (embedded === undefined || rotated === undefined) return [embedded, rotated].filter((pair) => pair !== undefined);
  const mine = embedded.facts.fingerprint;
  if (mine === rotated.facts.fingerprint) return [rotated];
  const rotatedIsMeant = origin === undefined ? rotated.facts.notAfterMs > embedded.facts.notAfterMs : origin === mine;
  return rotatedIsMeant ? [rotated, embedded] : [embedded, rotated];
}

function problemOf({ notBeforeMs, notAfterMs }: CertificateFacts, nowMs: number): string {
  const moment = (ms: number) => new Date(ms).toISOString();
  if (nowMs >= notAfterMs) return `its client certificate has expired on ${moment(notAfterMs)}`;
  return `its client certificate is not valid before ${moment(notBeforeMs)}, and this machine's clock says ${moment(nowMs)}`;
}

/** When a certificate is to be renewed: by chance after 70 to 90 % of its life (client-go certificate_manager.go). */
export function rotationTime({ notBeforeMs, notAfterMs }: CertificateFacts, random: () => number): number {
  return Math.floor(notBeforeMs + (notAfterMs - notBeforeMs) * (0.7 + 0.2 * random()));
}
