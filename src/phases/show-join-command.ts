import { joinCommand, withheld } from '../cluster/join-command.ts';
import { readClusterEntry } from '../cluster/standing-objects.ts';
import { tokenPlans } from './bootstrap-token.ts';
import { openCluster } from './cluster-client.ts';
import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';

/** The lines that other machines are to run; a secret that is not to be shown is withheld in them. */
export type JoinCommands = {
  readonly workers: readonly string[];
  /** None without a controlPlaneEndpoint, which members need. */
  readonly controlPlane: readonly string[];
};

/** Says with which tokens one may join; the lines themselves are part of the command's result. */
export const showJoinCommandPhase: Phase<InitContext> = {
  name: 'show-join-command',
  summary: 'show how other machines join',
  run: async (context) => {
    for (const { token } of await tokenPlans(context, await openCluster(context))) {
      context.report.item({ item: 'kubeadm join', action: 'show', because: `with token ${token.split('.')[0]}` });
    }
  },
};

/** The join lines for each token of this configuration. */
export async function joinCommands(context: InitContext): Promise<JoinCommands> {
  const { host, paths, config, joining } = context;
  const [entry, plans] = await Promise.all([
    readClusterEntry(host, { config, paths }),
    openCluster(context).then((client) => tokenPlans(context, client)),
  ]);
  const tokens = plans.map(({ token }) => (joining.skipTokenPrint ? withheld : token));
  const key = joining.skipCertificateKeyPrint ? withheld : joining.certificateKey;
  const member = { certificateKey: joining.uploadCerts ? key : undefined };
  const members = config.cluster.controlPlaneEndpoint === undefined ? [] : tokens;
  return {
    workers: tokens.map((token) => joinCommand(entry, token)),
    controlPlane: members.map((token) => joinCommand(entry, token, member)),
  };
}
