import type { Finding } from '../base/diagnostics.ts';
import { errorsOf, renderFinding } from '../base/diagnostics.ts';
import { PreflightError } from '../base/errors.ts';
import { readManifests } from '../health/manifest-files.ts';
import { compareVersions, parseVersion, releaseVersion } from '../kube/version.ts';
import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';
import type { Check, OwnPlane } from './preflight/check.ts';
import { clockChecks } from './preflight/clock-checks.ts';
import { cniChecks } from './preflight/cni-checks.ts';
import { diskChecks } from './preflight/disk-checks.ts';
import { etcdChecks } from './preflight/etcd-checks.ts';
import { fileChecks } from './preflight/file-checks.ts';
import { firewallChecks } from './preflight/firewall-checks.ts';
import { kernelChecks } from './preflight/kernel-checks.ts';
import { leftoverChecks } from './preflight/leftover-checks.ts';
import { machineChecks } from './preflight/machine-checks.ts';
import { networkChecks } from './preflight/network-checks.ts';
import { portChecks } from './preflight/port-checks.ts';
import { runtimeChecks } from './preflight/runtime-checks.ts';

const versionCheck: Check = {
  name: 'KubernetesVersion',
  run: ({ config }) => {
    const wanted = parseVersion(config.cluster.kubernetesVersion);
    const ours = parseVersion(releaseVersion);
    if (wanted === undefined || ours === undefined || compareVersions(wanted, ours) <= 0) return [];
    return [
      {
        severity: 'warning',
        message: `${config.cluster.kubernetesVersion} is newer than ${releaseVersion}, which this release is made for`,
        hint: 'take a newer release of bootstrap, or an older kubernetesVersion',
      },
    ];
  },
};

/** Every check, in the order in which the findings are shown. */
const preflightChecks: readonly Check[] = [
  ...machineChecks,
  ...diskChecks,
  ...kernelChecks,
  ...clockChecks,
  versionCheck,
  ...portChecks,
  ...fileChecks,
  ...leftoverChecks,
  ...networkChecks,
  ...firewallChecks,
  ...etcdChecks,
  ...runtimeChecks,
  ...cniChecks,
];

/** All checks, all findings at once; an error that is not ignored refuses before anything is touched (exit 2). */
export const preflightPhase: Phase<InitContext> = {
  name: 'preflight',
  summary: 'check that this machine can run a control plane',
  run: async (context) => {
    const findings = await preflightFindings(context);
    const errors = errorsOf(findings);
    for (const finding of findings) {
      if (finding.severity === 'warning') context.report.info(renderFinding(finding));
    }
    if (errors.length > 0) {
      throw new PreflightError('preflight found what forbids going on; nothing was changed', {
        findings: errors,
        hint: 'put it right, or pass --ignore-preflight-errors with the names in brackets',
      });
    }
    context.report.item({ item: `${preflightChecks.length} checks`, action: 'passed', because: '' });
  },
};

export async function preflightFindings(context: InitContext): Promise<readonly Finding[]> {
  // Who may not do anything here would only read the same in many words (kubeadm RunRootCheckOnly).
  const privilege = machineChecks.filter(({ name }) => name === 'IsPrivilegedUser');
  const nobody = { manifests: [], running: new Set<string>(), made: [], agentRuns: false };
  const refused = await Promise.all(privilege.map((check) => runCheck(check, { ...context, own: nobody })));
  if (errorsOf(refused.flat()).length > 0) return refused.flat();
  const own = await ownPlane(context);
  const groups = await Promise.all(preflightChecks.map((check) => runCheck(check, { ...context, own })));
  return groups.flat();
}

async function runCheck(check: Check, context: Parameters<Check['run']>[0]): Promise<readonly Finding[]> {
  const problems = await check.run(context);
  return problems.map(({ name = check.name, severity = 'error', ...problem }) => {
    const ignored = [name, check.name, 'all'].some((known) => context.ignoredChecks.has(known.toLowerCase()));
    return { ...problem, check: name, severity: ignored ? 'warning' : severity };
  });
}

async function ownPlane({ host, paths, made, agent, runtime }: InitContext): Promise<OwnPlane> {
  const manifests = await readManifests(host, paths);
  const pods =
    manifests.length === 0
      ? []
      : await runtime().then(
          (opened) => opened.observePods(),
          () => [],
        );
  const running = pods.flatMap((pod) =>
    pod.containers.filter(({ state }) => state === 'running').map(({ name }) => name),
  );
  return {
    manifests,
    running: new Set(running),
    made: await made.all(),
    agentRuns: (await agent.pid()) !== undefined,
  };
}
