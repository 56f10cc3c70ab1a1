import { join } from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { controlPlaneEndpoint } from '../../config/endpoints.ts';
import { pathsOf } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import { clientKubeconfig } from '../../kubeconfig/apply.ts';
import { buildKubeconfig } from '../../kubeconfig/kubeconfig.ts';
import { createKeySource } from '../../pki/keys.ts';
import { type FoundAuthority, readAuthority } from '../../pki/read-authority.ts';
import { readLastGood } from '../../rollout/revisions/revisions.ts';
import type { CliContext, CommandRun } from '../command.ts';
import { createReport } from '../report.ts';
import { planInput } from '../rollout/plan-input.ts';
import { durationOption, listOption, type Options, pathsFor, rootDirOf, textOption } from '../workflow-context.ts';

/** `bootstrap kubeconfig user`: prints a kubeconfig; writes nothing. */
export const run: CommandRun = async (cli, { options, common }) => {
  const user = textOption(options, 'clientName');
  if (user === undefined) throw new UsageError('whose kubeconfig?', { hint: 'give the name with --client-name NAME' });
  const root = rootDirOf(cli.host, options);
  const { config } = await planInput(cli.host, options, await readLastGood(cli.host, pathsOf(root)));
  const { certificatesDir } = pathsFor(root, config);
  const paths = { crt: join(certificatesDir, 'ca.crt'), key: join(certificatesDir, 'ca.key') };
  const authority = await readAuthority(cli.host, paths);
  const text = await kubeconfigOf(cli, { options, user, config, authority });
  createReport(cli, common).finish({ text, document: { kind: 'Kubeconfig', user, kubeconfig: text } });
  return undefined;
};

async function kubeconfigOf(
  { clock }: Pick<CliContext, 'clock'>,
  given: {
    readonly options: Options;
    readonly user: string;
    readonly config: Config;
    readonly authority: FoundAuthority;
  },
): Promise<string> {
  const { options, user, config, authority } = given;
  const server = controlPlaneEndpoint(config);
  const token = textOption(options, 'token');
  if (token !== undefined) {
    const { clusterName } = config.cluster;
    return buildKubeconfig({ clusterName, user, server, ca: authority.bundle, credentials: { token } });
  }
  const validity = durationOption(options, 'validityPeriod') ?? config.cluster.certificateValidityPeriodMs;
  const cluster = { ...config.cluster, certificateValidityPeriodMs: validity };
  const spec = { user: () => user, organizations: listOption(options, 'org'), server: () => server };
  const key = await createKeySource(config.cluster.encryptionAlgorithm, 1).next();
  const tools = { config: { ...config, cluster }, now: clock.now() };
  return clientKubeconfig(spec, { key, signer: authority, tools });
}
