import { humanDuration } from '../../base/duration.ts';
import { readManifests } from '../../health/manifest-files.ts';
import type { InitContext } from '../../phases/context.ts';
import { type JoinCommands, joinCommands } from '../../phases/show-join-command.ts';
import { rootFlag } from '../root-flag.ts';
import { statusReport } from '../status/status-report.ts';

/** What stands after `init`, and what to do with it. A text for people, a document for programs. */
export async function initSummary(
  context: InitContext,
  run: { readonly startedMs: number; readonly skipped: readonly string[] },
): Promise<{ readonly text: string; readonly document: Readonly<Record<string, unknown>> }> {
  const { paths, clock, dryRun, host } = context;
  const durationMs = clock.now() - run.startedMs;
  if (dryRun) {
    return { text: 'Nothing was changed: this was a dry run.\n', document: { kind: 'InitResult', dryRun: true } };
  }
  const startsAgent = !run.skipped.includes('start-agent');
  const waited = startsAgent && !run.skipped.includes('wait-control-plane');
  const healthy = waited ? (await readManifests(host, paths)).map(({ component }) => component) : [];
  const status = await statusReport({ host, clock, paths, agent: context.agent, healthy });
  const shows = startsAgent && !run.skipped.includes('show-join-command');
  const join = shows ? await joinCommands(context) : undefined;
  const text = [
    '',
    waited ? `The control plane is up (${humanDuration(durationMs)}).` : filesAreThere(startsAgent, paths),
    '',
    status.table.trimEnd(),
    '',
    'Use it:',
    `  export KUBECONFIG=${paths.adminConf}`,
    '  kubectl get --raw /readyz?verbose',
    ...(join === undefined ? [] : joinText(context, join)),
    '',
    'Look after it:',
    `  bootstrap status${rootFlag(paths.root)}`,
    `  bootstrap logs kube-apiserver${rootFlag(paths.root)}`,
    `  bootstrap reset${rootFlag(paths.root)}`,
    '',
  ];
  const document = { kind: 'InitResult', durationMs, kubeconfig: paths.adminConf, join, status: status.document };
  return { text: text.join('\n'), document };
}

function filesAreThere(startsAgent: boolean, { manifestsDir }: InitContext['paths']): string {
  if (startsAgent) return 'The files are in place.';
  return `The files are in place, and nothing of ours runs them: a kubelet whose staticPodPath is ${manifestsDir} does.`;
}

type Result = { readonly text: string; readonly document: Readonly<Record<string, unknown>> };

/** What one phase alone ends with: mostly nothing but that it has ended. */
export async function phaseResult(
  context: InitContext,
  path: readonly string[],
  document: Readonly<Record<string, unknown>>,
): Promise<Result> {
  const { joining, dryRun } = context;
  if (dryRun) return { text: '', document };
  if (path[0] === 'show-join-command') {
    const join = await joinCommands(context);
    return { text: `${joinText(context, join).slice(1).join('\n')}\n`, document: { ...document, join } };
  }
  if (path[0] !== 'upload-certs' || !joining.uploadCerts || joining.skipCertificateKeyPrint)
    return { text: '', document };
  const { certificateKey } = joining;
  return { text: `Certificate key: ${certificateKey}\n`, document: { ...document, certificateKey } };
}

function joinText({ joining, config }: InitContext, join: JoinCommands): readonly string[] {
  const lines = (commands: readonly string[]) => commands.map((command) => `  ${command}`);
  const workers = ['', 'Let a worker join, as root on it:', ...lines(join.workers)];
  if (join.controlPlane.length === 0) return workers;
  const { certificatesDir } = config.cluster;
  const before = joining.uploadCerts
    ? 'The key opens the uploaded certificates, which go after two hours: keep it secret.'
    : `First copy the CAs and sa.key, sa.pub from ${certificatesDir}, or upload them: init phase upload-certs --upload-certs.`;
  return ['', 'Let another control plane member join:', ...lines(join.controlPlane), `  ${before}`, ...workers];
}
