import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiObject } from '../../../src/cluster/wanted-object.ts';
import { parseYaml } from '../../../src/kube/yaml.ts';
import { buildKubeconfig } from '../../../src/kubeconfig/kubeconfig.ts';
import { createKeySource, privateKeyPem } from '../../../src/pki/keys.ts';
import { issueCertificate } from '../../../src/pki/x509.ts';
import { program } from '../../components/locations.ts';
import { expectCode, run } from './command.ts';

/** Writes an admin.conf of a cluster that nobody serves, for kubeadm's dry runs; gives its CA. */
export async function writeAdminConf(directory: string, server: string): Promise<{ readonly ca: string }> {
  const key = await createKeySource('ECDSA-P256', 1).next();
  const content = { commonName: 'kubernetes', organizations: [], isCa: true, usages: [], sans: [] } as const;
  const now = Date.now();
  const ca = issueCertificate(
    { ...content, notBeforeMs: now - 3_600_000, notAfterMs: now + 3_600_000 },
    key,
  ).toString();
  const credentials = { clientCertificate: ca, clientKey: privateKeyPem(key) };
  const text = buildKubeconfig({ clusterName: 'kubernetes', user: 'kubernetes-admin', server, ca, credentials });
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'admin.conf'), text, { mode: 0o600 });
  return { ca };
}

/** The objects that `kubeadm init phase PHASE --dry-run` says that it would make. `directory` holds admin.conf. */
export async function kubeadmObjects(
  directory: string,
  phase: readonly string[],
  more: { readonly config: string; readonly env?: Readonly<Record<string, string>>; readonly args?: readonly string[] },
): Promise<readonly ApiObject[]> {
  const args = ['init', 'phase', ...phase, '--dry-run', '--config', more.config, ...(more.args ?? [])];
  const env = { ...more.env, KUBEADM_INIT_DRYRUN_DIR: directory };
  const { stdout } = expectCode(await run(program('kubeadm'), args, { env }), 0);
  const made = stdout.matchAll(
    /Would perform action CREATE on resource .*\n\[dryrun\] Attached object:\n([\s\S]*?)(?=\n\[|$)/g,
  );
  return [...made].map(([, text = '']) => parseYaml(text, 'kubeadm').documents[0]?.value as ApiObject);
}

/**
 * An object without what only Go's encoding or the API server's defaults put into it. A text that YAML cannot hold without
 * quotes (`::`) has single ones from Go and double ones from us: then the hash of a generated configuration differs too.
 */
export function plainObject(object: unknown): unknown {
  const plain = withoutEmpty(withGroups(object)) ?? {};
  const text = JSON.stringify(plain);
  if (!text.includes("'::'") && !text.includes('\\"::\\"')) return plain;
  return JSON.parse(text.replaceAll("'::'", '\\"::\\"').replace(/"kubeadm[^"]*config.hash":"[^"]*"/, '"hash":""'));
}

/** The API server adds the group to subjects that are no service accounts (rbac/v1 SetDefaults_Subject). */
function withGroups(object: unknown): unknown {
  const { subjects, ...rest } = object as { subjects?: { kind: string }[] };
  if (subjects === undefined) return object;
  const group = (kind: string) => (kind === 'ServiceAccount' ? {} : { apiGroup: 'rbac.authorization.k8s.io' });
  return { ...rest, subjects: subjects.map((subject) => ({ ...group(subject.kind), ...subject })) };
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withoutEmpty(item) ?? {});
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  const members = Object.entries(value).flatMap(([name, member]) => {
    // kube-dns asks for "whichever version there is".
    const kept = name === 'status' || name === 'resourceVersion' ? undefined : withoutEmpty(member);
    return kept === undefined ? [] : [[name, kept] as const];
  });
  return members.length === 0 ? undefined : Object.fromEntries(members);
}
