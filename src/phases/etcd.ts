import type { Phase, PhaseContext } from './phase.ts';
import { writeManifests } from './write-manifests.ts';

const skip = ({ config }: PhaseContext): string | undefined =>
  config.cluster.etcd.local === undefined ? 'etcd is external' : undefined;

/** Makes the data directory and the manifest of a local etcd. */
export const etcdPhase: Phase = {
  name: 'etcd',
  summary: 'Generate the static pod manifest of a local etcd',
  skip,
  phases: [{ name: 'local', summary: 'Generate the manifest of a local, single etcd member', skip, run: writeEtcd }],
};

async function writeEtcd(context: PhaseContext): Promise<void> {
  // etcd refuses a data directory that others may read (kubeadm util/etcd CreateDataDirectory).
  await context.host.makeDirectory(context.paths.etcdDataDir, { mode: 0o700 });
  await writeManifests(context, ['etcd']);
}
