import { hasCode, messageOf } from '../../base/errors.ts';
import { ApiStatusError } from '../../kube/client.ts';

/** System and TLS errors of Node's, and what they mean here. */
const byCode: readonly (readonly [readonly string[], string])[] = [
  [
    [
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'UNABLE_TO_GET_ISSUER_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'CERT_SIGNATURE_FAILURE',
    ],
    'its certificate is not signed by the CA of the kubeconfig: it is another cluster, or its CA has changed',
  ],
  [
    ['CERT_NOT_YET_VALID'],
    'its certificate is not valid yet: the clock of this machine is behind, or its clock is ahead',
  ],
  [['CERT_HAS_EXPIRED'], 'its certificate has expired, or the clock of this machine is ahead'],
  [['ERR_TLS_CERT_ALTNAME_INVALID'], 'its certificate is for other names than the server of the kubeconfig'],
  [['ECONNREFUSED'], 'it is not up (connection refused)'],
  [['ENOTFOUND', 'EAI_AGAIN'], 'its name cannot be resolved'],
  [['EHOSTUNREACH', 'ENETUNREACH'], 'there is no way to it'],
];

const byStatus: Readonly<Record<number, string>> = {
  401: 'it does not know these credentials: they have expired, are of another CA, or the clocks differ',
  403: 'it refuses',
  429: 'it asks for patience',
};

/** Why an API server could not be worked with, in words for `status` and the log; never a secret. */
export function explainApiProblem(thrown: unknown, server: string): string {
  if (thrown instanceof ApiStatusError) {
    const known = byStatus[thrown.status];
    return `API server ${server}: ${known === undefined ? thrown.message : `${known} (${thrown.message})`}`;
  }
  const [, known] = byCode.find(([codes]) => hasCode(thrown, ...codes)) ?? [];
  if (known !== undefined) return `API server ${server}: ${known}`;
  // An alert of TLS 1.3 is the answer to a client certificate that it does not take.
  if (hasCode(thrown, 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE')) {
    return `API server ${server}: it does not take the client certificate`;
  }
  return `API server ${server}: ${messageOf(thrown)}`;
}
