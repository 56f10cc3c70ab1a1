import { dirname, resolve } from 'node:path';
import { isObject } from '../../kube/decode-fields.ts';
import { parseJsonOrYaml, toYaml } from '../../kube/yaml.ts';
import { parseKubeconfig } from '../../kubeconfig/kubeconfig.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A kubeconfig with every cluster at `server`, whose certificate is still checked against the name that the file asked for.
 * Files that it names are named absolutely. Throws UsageError when it is no kubeconfig; `path` is for that.
 */
export function copyKubeconfig(
  text: string,
  { path, server }: { readonly path: string; readonly server: string },
): string {
  // Its message never shows contents.
  parseKubeconfig(text, path);
  const config = parseJsonOrYaml(text) as Fields;
  return toYaml({
    ...config,
    clusters: members(config.clusters, 'cluster', (cluster) => clusterAt(cluster, { path, server })),
    users: members(config.users, 'user', (user) =>
      absolute(user, ['client-certificate', 'client-key', 'tokenFile'], path),
    ),
  });
}

function clusterAt(cluster: Fields, { path, server }: { readonly path: string; readonly server: string }): Fields {
  const { 'proxy-url': _proxy, ...rest } = cluster;
  const name = cluster['tls-server-name'] ?? hostOf(cluster.server);
  return {
    ...absolute(rest, ['certificate-authority'], path),
    server,
    ...(name !== undefined && { 'tls-server-name': name }),
  };
}

/** A KubeSchedulerConfiguration whose client goes by another kubeconfig; undefined when it cannot be read as one. */
export function copySchedulerConfig(text: string, kubeconfig: string): string | undefined {
  const config = readObject(text);
  if (config === undefined) return undefined;
  const client = isObject(config.clientConnection) ? config.clientConnection : {};
  return toYaml({ ...config, clientConnection: { ...client, kubeconfig } });
}

/** The kubeconfig that a KubeSchedulerConfiguration names. */
export function schedulerKubeconfig(text: string): string | undefined {
  const client = readObject(text)?.clientConnection;
  const path = isObject(client) ? client.kubeconfig : undefined;
  return typeof path === 'string' && path !== '' ? path : undefined;
}

function readObject(text: string): Fields | undefined {
  try {
    const value = parseJsonOrYaml(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function members(list: unknown, member: string, change: (fields: Fields) => Fields): unknown {
  if (!Array.isArray(list)) return list;
  return list.map((entry: unknown) =>
    isObject(entry) && isObject(entry[member]) ? { ...entry, [member]: change(entry[member]) } : entry,
  );
}

function absolute(fields: Fields, names: readonly string[], path: string): Fields {
  const given = names.flatMap((name) => {
    const value = fields[name];
    return typeof value === 'string' && value !== '' ? [[name, resolve(dirname(path), value)]] : [];
  });
  return { ...fields, ...Object.fromEntries(given) };
}

function hostOf(server: unknown): string | undefined {
  try {
    return new URL(String(server)).hostname.replace(/^\[|\]$/g, '') || undefined;
  } catch {
    return undefined;
  }
}
