import { messageOf, OperationError } from '../../base/errors.ts';
import type { Paths } from '../../config/paths.ts';
import { healthEndpoint, readManifests } from '../../health/manifest-files.ts';
import type { Host } from '../../host/host.ts';
import { readClusterAccess } from '../../kubeconfig/read-access.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { LiveStep } from './plan-live.ts';

type Tools = {
  readonly host: Pick<Host, 'readText' | 'request'>;
  readonly paths: Pick<Paths, 'manifestsDir' | 'adminConf'>;
  readonly signal: AbortSignal;
};

const answerWithinMs = 10_000;

/**
 * Sets the log verbosity of one running component (PUT /debug/flags/v). The API server says whether an admin may, also to
 * the controller manager and the scheduler, which ask it. Throws OperationError with the component's own words.
 */
export async function setVerbosity({ component, to }: LiveStep, tools: Tools): Promise<void> {
  const { origin } = new URL(await addressOf(component, tools));
  const answer = await tools.host
    .request(`${origin}/debug/flags/v`, { method: 'PUT', body: to, ...(await accessTo(component, tools)) })
    .catch((thrown: unknown) => {
      throw new OperationError(`${component} does not answer at ${origin}: ${messageOf(thrown)}`, { cause: thrown });
    });
  if (answer.status === 200) return;
  const words = Buffer.from(answer.body).toString().trim().split('\n')[0] ?? '';
  throw new OperationError(`${component} does not take --v=${to} while it runs: ${answer.status} ${words}`, {
    hint: hints[answer.status] ?? 'bootstrap apply without --live sets it with a restart',
  });
}

const hints: Readonly<Record<number, string>> = {
  401: 'its delegated authentication does not take the certificate of admin.conf: see its --client-ca-file',
  403: 'admin.conf may not PUT /debug/flags/v; a ClusterRole allows that as a nonResourceURL',
  404: 'it runs with --profiling=false, which takes /debug/flags away; bootstrap apply without --live restarts it',
};

async function addressOf(component: ComponentName, { host, paths }: Tools): Promise<string> {
  const manifest = (await readManifests(host, paths)).find((candidate) => candidate.component === component);
  if (manifest === undefined) throw new OperationError(`there is no manifest of ${component} in ${paths.manifestsDir}`);
  return healthEndpoint(manifest).url;
}

async function accessTo(component: ComponentName, { host, paths, signal }: Tools) {
  const { ca, clientCertificate, clientKey, token } = await readClusterAccess(host, paths.adminConf);
  // The other two make a certificate for themselves at each start, which nothing can verify: no token is shown to them.
  const verified = component === 'kube-apiserver';
  return {
    ...(verified ? ca !== undefined && { ca } : { ca: false as const }),
    ...(clientCertificate !== undefined && { clientCertificate }),
    ...(clientKey !== undefined && { clientKey }),
    ...(token !== undefined && verified && { headers: { authorization: `Bearer ${token}` } }),
    timeoutMs: answerWithinMs,
    signal,
  };
}
