import type { Pod } from '../kube/types.ts';

/** A pod that a source wants to run. */
export type DesiredPod = {
  readonly pod: Pod;
  /** As the runtime's labels carry it: metadata.uid, by default the hash. */
  readonly uid: string;
  /** Of the manifest's content, file and node: another hash, another pod (annotation `kubernetes.io/config.hash`). */
  readonly hash: string;
  readonly file: string;
};
