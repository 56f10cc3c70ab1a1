import { join, matchesGlob } from 'node:path';
import { OperationError } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import { objectOf, parseJsonObject, stringOf } from './image-config.ts';

export type Credentials = { readonly username: string; readonly password: string };

/** Docker Hub's name in the keys of logins (pkg/credentialprovider/keyring.go, defaultRegistryHost). */
const dockerHub = 'index.docker.io';

type CredentialHost = Pick<Host, 'readText' | 'env' | 'homeDirectory' | 'workingDirectory'>;

/**
 * The login for an image (`registry/repository`, or a registry) from Docker's configuration; undefined when there is
 * none. Looked for as the kubelet does: `config.json` in its directory, the working directory, ~/.docker and /.docker,
 * then `.dockercfg`; `$DOCKER_CONFIG` before all. The first file that can be read counts (credentialprovider/config.go).
 * Throws OperationError where the login is kept by a credential helper or is a token.
 */
export async function readCredentials(
  host: CredentialHost,
  image: string,
  kubeletDir?: string,
): Promise<Credentials | undefined> {
  for (const { path, legacy } of places(host, kubeletDir)) {
    const config = parsed(await host.readText(path).catch(() => undefined), path);
    if (config !== undefined) return findCredentials(legacy ? { auths: config } : config, image, path);
  }
  return undefined;
}

function places(host: CredentialHost, kubeletDir: string | undefined) {
  const [own, working, home] = [host.env('DOCKER_CONFIG'), host.workingDirectory(), host.homeDirectory()];
  const given = [own, kubeletDir].flatMap((directory) => (directory ? [directory] : []));
  const current = [...given, working, join(home, '.docker'), '/.docker'].map((directory) => ({
    path: join(directory, 'config.json'),
    legacy: false,
  }));
  const legacy = [...given, working, home, '/'].map((directory) => ({
    path: join(directory, '.dockercfg'),
    legacy: true,
  }));
  return [...current, ...legacy];
}

/** A file that is none of ours, or broken, is passed over. */
function parsed(text: string | undefined, path: string): Record<string, unknown> | undefined {
  try {
    return text === undefined ? undefined : parseJsonObject(text, path);
  } catch {
    return undefined;
  }
}

/** The login for an image from the parsed file, the longest key first; `path` names the file in errors. */
export function findCredentials(config: Record<string, unknown>, image: string, path: string): Credentials | undefined {
  const [key, entry] = entryFor(objectOf(config.auths), image) ?? [];
  const login = objectOf(entry);
  if (stringOf(login.auth) !== '') return decodeBasic(stringOf(login.auth), path);
  if (stringOf(login.username) !== '') {
    return { username: stringOf(login.username), password: stringOf(login.password) };
  }
  const [, own] = entryFor(objectOf(config.credHelpers), image) ?? [];
  const helper = stringOf(own) || (key === undefined ? '' : stringOf(config.credsStore));
  const kept = helper !== '' ? `by the credential helper ${helper}` : 'as an identity token';
  if (helper === '' && stringOf(login.identitytoken) === '') return undefined;
  throw new OperationError(`the login for ${image} is kept ${kept}, which is not supported`, {
    hint: `put user and password into ${path}, or import the image from an archive`,
  });
}

/** The most special of the keys that match, Docker Hub's under any of its names. */
function entryFor(entries: Record<string, unknown>, image: string): [string, unknown] | undefined {
  const target = image.replace(/^docker\.io(?=\/|$)/, dockerHub);
  return Object.entries(entries)
    .map(([key, value]): [string, unknown] => [placeOf(key), value])
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .find(([key]) => matches(key, target));
}

/** `https://reg.example/v2/` and `reg.example` are the same place. */
function placeOf(key: string): string {
  return key
    .replace(/^https?:\/\//, '')
    .replace(/^([^/]*)\/v[12](\/|$)/, '$1/')
    .replace(/\/$/, '')
    .replace(/^docker\.io(?=\/|$)/, dockerHub);
}

/** Globs within the parts of the host's name, the same port, the path as a prefix (keyring.go URLsMatch). */
function matches(key: string, target: string): boolean {
  const [host = '', ...path] = key.split('/');
  const [targetHost = '', ...targetPath] = target.split('/');
  const parts = host.split('.');
  const targetParts = targetHost.split('.');
  return (
    parts.length === targetParts.length &&
    parts.every((part, index) => matchesGlob(targetParts[index] ?? '', part)) &&
    targetPath.join('/').startsWith(path.join('/'))
  );
}

/** An Authorization header's value for user and password. */
export function basicAuthorization({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function decodeBasic(auth: string, path: string): Credentials {
  const text = Buffer.from(auth, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) throw new OperationError(`${path} has a login that is not user:password in base64`);
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
