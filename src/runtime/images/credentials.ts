import { join } from 'node:path';
import { OperationError } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import { objectOf, parseJsonObject, stringOf } from './image-config.ts';

export type Credentials = { readonly username: string; readonly password: string };

/** What Docker files Docker Hub's login under (docker/cli config/credentials). */
const dockerHubKey = 'https://index.docker.io/v1/';

/**
 * The login for a registry from Docker's configuration (`$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`);
 * undefined when it has none. Throws OperationError where the login is kept by a credential helper or is a token.
 */
export async function readCredentials(
  host: Pick<Host, 'readText' | 'env' | 'homeDirectory'>,
  registry: string,
): Promise<Credentials | undefined> {
  const path = join(host.env('DOCKER_CONFIG') || join(host.homeDirectory(), '.docker'), 'config.json');
  const text = await host.readText(path);
  return text === undefined ? undefined : findCredentials(parseJsonObject(text, path), registry, path);
}

/** The same from the parsed file; `path` names it in errors. */
export function findCredentials(
  config: Record<string, unknown>,
  registry: string,
  path: string,
): Credentials | undefined {
  const isWanted = (key: string) => (registry === 'docker.io' ? key === dockerHubKey : hostOf(key) === registry);
  const [, entry] = Object.entries(objectOf(config.auths)).find(([key]) => isWanted(key)) ?? [];
  const login = objectOf(entry);
  if (stringOf(login.auth) !== '') return decodeBasic(stringOf(login.auth), path);
  if (stringOf(login.username) !== '') {
    return { username: stringOf(login.username), password: stringOf(login.password) };
  }
  const own = Object.entries(objectOf(config.credHelpers)).find(([key]) => isWanted(key));
  const helper = stringOf(own?.[1]) || (entry === undefined ? '' : stringOf(config.credsStore));
  const kept = helper !== '' ? `by the credential helper ${helper}` : 'as an identity token';
  if (helper === '' && stringOf(login.identitytoken) === '') return undefined;
  throw new OperationError(`the login for ${registry} is kept ${kept}, which is not supported`, {
    hint: `put user and password into ${path}, or import the image from an archive`,
  });
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

/** `host:port` of a key, which may be a URL with a path. */
function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}
