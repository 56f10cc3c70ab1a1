import { parseCertificates } from '../pki/inspect.ts';
import { publicKeyPin } from '../pki/public-key-pin.ts';
import type { ClusterEntry } from './bootstrap-access.ts';

/** Stands for a secret that is not to be shown. */
export const withheld = '<value withheld>';

/** The `kubeadm join` line for a worker, or for another control plane member. */
export function joinCommand(
  { server, ca }: ClusterEntry,
  token: string,
  controlPlane?: { readonly certificateKey: string | undefined },
): string {
  const pins = parseCertificates(ca).map(
    (certificate) => `--discovery-token-ca-cert-hash ${publicKeyPin(certificate)}`,
  );
  const key = controlPlane?.certificateKey === undefined ? [] : [`--certificate-key ${controlPlane.certificateKey}`];
  const member = controlPlane === undefined ? [] : ['--control-plane', ...key];
  return ['kubeadm', 'join', server.replace('https://', ''), `--token ${token}`, ...pins, ...member].join(' ');
}
