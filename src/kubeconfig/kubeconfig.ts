import { UsageError } from '../base/errors.ts';
import { parseYaml, toYaml } from '../kube/yaml.ts';

/** What a new kubeconfig says. PEM texts. */
export type KubeconfigContent = {
  readonly clusterName: string;
  readonly user: string;
  readonly server: string;
  readonly ca: string;
  readonly credentials:
    | { readonly clientCertificate: string; readonly clientKey: string }
    | { readonly token: string }
    /** One file with both, as a rotated pair is kept. */
    | { readonly pairFile: string };
};

/** The text of a kubeconfig with one cluster, one user and one context, as kubeadm writes it. */
export function buildKubeconfig({ clusterName, user, server, ca, credentials }: KubeconfigContent): string {
  const context = `${user}@${clusterName}`;
  return toYaml({
    apiVersion: 'v1',
    clusters: [{ cluster: { 'certificate-authority-data': base64(ca), server }, name: clusterName }],
    contexts: [{ context: { cluster: clusterName, user }, name: context }],
    'current-context': context,
    kind: 'Config',
    users: [{ name: user, user: userOf(credentials) }],
  });
}

function userOf(credentials: KubeconfigContent['credentials']): Record<string, string> {
  if ('token' in credentials) return { token: credentials.token };
  if ('pairFile' in credentials) {
    return { 'client-certificate': credentials.pairFile, 'client-key': credentials.pairFile };
  }
  return {
    'client-certificate-data': base64(credentials.clientCertificate),
    'client-key-data': base64(credentials.clientKey),
  };
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/**
 * The current context of a kubeconfig. PEM texts where they are embedded; the `…File` members where the file only names
 * others, which the caller reads (a relative path counts from the kubeconfig's directory).
 */
export type Kubeconfig = {
  readonly server: string;
  readonly clusterName: string;
  readonly userName: string;
  readonly contextName: string;
  readonly namespace?: string;
  readonly ca?: string;
  readonly caFile?: string;
  readonly clientCertificate?: string;
  readonly clientCertificateFile?: string;
  readonly clientKey?: string;
  readonly clientKeyFile?: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly tlsServerName?: string;
  readonly insecureSkipTlsVerify?: boolean;
};

/** Reads the current context; `UsageError`, which never shows contents, when there is none or it is incomplete. `file` is for the message. */
export function parseKubeconfig(text: string, file = 'kubeconfig'): Kubeconfig {
  const fail = (what: string) => new UsageError(`${file}: ${what}`, { hint: 'see kubectl config view' });
  const { documents, findings } = parseYaml(text, file);
  const [finding] = findings;
  // The parser's own message may quote the line, which may be a key.
  if (finding !== undefined) throw fail(`not valid YAML at line ${finding.line ?? '?'}`);
  const document = recordOf(documents[0]?.value);
  if (document === undefined || (document.kind !== undefined && document.kind !== 'Config')) {
    throw fail('is not a kubeconfig (apiVersion v1, kind Config)');
  }
  const contextName = textOf(document['current-context']);
  if (contextName === undefined) throw fail('has no current-context');
  const context = named(document.contexts, contextName, 'context');
  if (context === undefined) throw fail(`has no context ${contextName}, its current-context`);
  const [clusterName, userName] = [textOf(context.cluster) ?? '', textOf(context.user) ?? ''];
  const cluster = named(document.clusters, clusterName, 'cluster');
  const server = textOf(cluster?.server);
  if (cluster === undefined || server === undefined) throw fail(`has no cluster ${clusterName} with a server`);
  const user = named(document.users, userName, 'user') ?? {};
  return withoutUndefined({
    server,
    clusterName,
    userName,
    contextName,
    namespace: textOf(context.namespace),
    tlsServerName: textOf(cluster['tls-server-name']),
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'] === true ? true : undefined,
    ...fileOrData(cluster, 'certificate-authority', 'ca'),
    ...fileOrData(user, 'client-certificate', 'clientCertificate'),
    ...fileOrData(user, 'client-key', 'clientKey'),
    token: textOf(user.token),
    tokenFile: textOf(user.tokenFile),
  }) as Kubeconfig;
}

// `-data` wins over the file (client-go clientcmd/api/types.go).
function fileOrData(from: Record<string, unknown>, field: string, name: string): Record<string, string | undefined> {
  const data = textOf(from[`${field}-data`]);
  if (data !== undefined) return { [name]: Buffer.from(data, 'base64').toString() };
  return { [`${name}File`]: textOf(from[field]) };
}

function named(list: unknown, name: string, member: string): Record<string, unknown> | undefined {
  if (!Array.isArray(list)) return undefined;
  return recordOf(list.map(recordOf).find((entry) => entry?.name === name)?.[member]);
}

function recordOf(value: unknown): Record<string, unknown> | undefined {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function withoutUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}
