import { humanDuration } from '../base/duration.ts';
import { readManifests } from '../health/manifest-files.ts';
import type { InitContext } from '../phases/context.ts';
import { rootFlag } from './root-flag.ts';
import { statusReport } from './status-report.ts';

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
  const waited = !run.skipped.includes('wait-control-plane');
  const healthy = waited ? (await readManifests(host, paths)).map(({ component }) => component) : [];
  const status = await statusReport({ host, clock, paths, agent: context.agent, healthy });
  const text = [
    '',
    waited ? `The control plane is up (${humanDuration(durationMs)}).` : 'The files are in place.',
    '',
    status.table.trimEnd(),
    '',
    'Use it:',
    `  export KUBECONFIG=${paths.adminConf}`,
    '  kubectl get --raw /readyz?verbose',
    '',
    'Look after it:',
    `  bootstrap status${rootFlag(paths.root)}`,
    `  bootstrap logs kube-apiserver${rootFlag(paths.root)}`,
    `  bootstrap reset${rootFlag(paths.root)}`,
    '',
  ];
  const document = { kind: 'InitResult', durationMs, kubeconfig: paths.adminConf, status: status.document };
  return { text: text.join('\n'), document };
}
