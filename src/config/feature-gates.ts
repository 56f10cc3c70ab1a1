/** kubeadm's feature gates in v1.37, each with the reason why it cannot be turned on here. */
export const knownFeatureGates: Readonly<Record<string, string>> = {
  RootlessControlPlane:
    'kubeadm has deprecated it in favour of user namespaces of pods; with --root-dir a control plane needs no root at all',
};

/** Gates that old files still carry (kubeadm.md 1.5). */
export const removedFeatureGates: Readonly<Record<string, string>> = {
  ControlPlaneKubeletLocalMode: 'it is always on and its name is gone since v1.36',
  EtcdLearnerMode: 'it is always on and its name is gone',
  NodeLocalCRISocket: 'it is always on and its name is gone since v1.37',
  PublicKeysECDSA: 'gone since v1.37, set encryptionAlgorithm to ECDSA-P256 instead',
  UpgradeAddonsBeforeControlPlane: 'gone without a replacement',
  WaitForAllControlPlaneComponents: 'it is always on and its name is gone',
};
