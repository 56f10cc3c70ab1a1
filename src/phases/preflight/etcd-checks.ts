import { messageOf } from '../../base/errors.ts';
import type { ExternalEtcd } from '../../config/types.ts';
import type { Check, CheckContext, Problem } from './check.ts';

/** The oldest external etcd that this version's API server is run with (kubeadm constants.go MinExternalEtcdVersion). */
const leastVersion: readonly number[] = [3, 5, 24];

/** Checks of an external etcd; none with a local one. */
export const etcdChecks: readonly Check[] = [
  {
    name: 'ExternalEtcdClientCertificates',
    run: async ({ host, config }) => {
      const external = config.cluster.etcd.external;
      const files = [external?.caFile, external?.certFile, external?.keyFile].filter((file) => file !== undefined);
      const there = await Promise.all(files.map(async (file) => file === '' || (await host.stat(file)) !== undefined));
      return files
        .filter((_, index) => !there[index])
        .map((file) => ({ message: `${file} of etcd.external is not there` }));
    },
  },
  {
    name: 'ExternalEtcdVersion',
    run: async (context) => {
      const external = context.config.cluster.etcd.external;
      if (external === undefined) return [];
      const endpoints = external.httpEndpoints.length > 0 ? external.httpEndpoints : external.endpoints;
      return (await Promise.all(endpoints.map((endpoint) => versionProblem(context, external, endpoint)))).flat();
    },
  },
];

async function versionProblem(
  { host }: CheckContext,
  external: ExternalEtcd,
  endpoint: string,
): Promise<readonly Problem[]> {
  const text = async (file: string) => (file === '' ? undefined : await host.readText(file));
  const [ca, clientCertificate, clientKey] = await Promise.all([
    text(external.caFile),
    text(external.certFile),
    text(external.keyFile),
  ]);
  try {
    const answer = await host.request(`${endpoint.replace(/\/$/, '')}/version`, {
      timeoutMs: 10_000,
      ...(ca === undefined ? {} : { ca }),
      ...(clientCertificate === undefined ? {} : { clientCertificate }),
      ...(clientKey === undefined ? {} : { clientKey }),
    });
    const parsed: unknown = JSON.parse(Buffer.from(answer.body).toString());
    const version =
      typeof parsed === 'object' && parsed !== null && 'etcdserver' in parsed ? String(parsed.etcdserver) : '';
    if (isAtLeast(version, leastVersion)) return [];
    return [{ message: `etcd at ${endpoint} is version "${version}", at least ${leastVersion.join('.')} is needed` }];
  } catch (thrown) {
    return [{ message: `etcd at ${endpoint} does not tell its version: ${messageOf(thrown)}` }];
  }
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10));
  for (const [index, wanted] of least.entries()) {
    const part = parts[index] ?? Number.NaN;
    if (Number.isNaN(part) || part < wanted) return false;
    if (part > wanted) return true;
  }
  return true;
}
