import { OperationError } from '../../base/errors.ts';

/** An image's name taken apart, every default filled in. */
export type ImageReference = {
  /** `docker.io`, `registry.k8s.io`, `localhost:5000`. */
  readonly registry: string;
  /** `library/nginx`, `kube-apiserver`. */
  readonly repository: string;
  /** `latest` when neither tag nor digest is given. */
  readonly tag?: string;
  /** `sha256:…`; wins over the tag. */
  readonly digest?: string;
};

// distribution/reference regexp.go
const domainPattern =
  /^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:]+\])(:\d+)?$/;
const pathPattern = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** Takes an image's name apart as Docker does (distribution/reference normalize.go); throws OperationError when it is none. */
export function parseReference(text: string): ImageReference {
  const [beforeDigest = '', digest] = splitOnce(text, text.indexOf('@'));
  const colon = beforeDigest.lastIndexOf(':');
  const [name = '', tag] = splitOnce(beforeDigest, colon > beforeDigest.lastIndexOf('/') ? colon : -1);
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const hasRegistry = /[.:A-Z]/.test(first) || first === 'localhost';
  const registry = hasRegistry ? first.replace(/^index\.docker\.io$/, 'docker.io') : 'docker.io';
  const path = hasRegistry ? name.slice(slash + 1) : name;
  const repository = registry === 'docker.io' && !path.includes('/') ? `library/${path}` : path;
  const problem = problemOf({ registry, repository, path, tag, digest });
  if (problem !== undefined) throw new OperationError(`invalid image reference "${text}": ${problem}`);
  return {
    registry,
    repository,
    ...(tag !== undefined ? { tag } : digest === undefined ? { tag: 'latest' } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The full form that the store files an image under: `docker.io/library/nginx:latest`, `host/name@sha256:…`. */
export function formatReference(reference: ImageReference): string {
  const name = `${reference.registry}/${reference.repository}`;
  return reference.digest === undefined ? `${name}:${reference.tag ?? 'latest'}` : `${name}@${reference.digest}`;
}

/** The full form of whatever the user wrote; two names are the same image name exactly when this is equal. */
export function canonicalReference(text: string): string {
  return formatReference(parseReference(text));
}

/** Whether the text is an image's content address, `sha256:` and 64 hex characters. */
export function isDigest(text: string): boolean {
  return digestPattern.test(text);
}

function splitOnce(text: string, at: number): [string, string?] {
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function problemOf(parts: {
  registry: string;
  repository: string;
  path: string;
  tag: string | undefined;
  digest: string | undefined;
}): string | undefined {
  if (!domainPattern.test(parts.registry)) return `"${parts.registry}" is not a registry's host name`;
  if (/^[0-9a-f]{64}$/.test(parts.path)) return 'a bare image id is not a name';
  if (/[A-Z]/.test(parts.path)) return 'the repository must be lower case';
  if (!pathPattern.test(parts.path)) return `"${parts.path}" is not a repository's name`;
  if (parts.repository.length > 255) return 'the repository is longer than 255 characters';
  if (parts.tag !== undefined && !tagPattern.test(parts.tag)) return `"${parts.tag}" is not a tag`;
  if (parts.digest !== undefined && !isDigest(parts.digest)) return `"${parts.digest}" is not a sha256 digest`;
  return undefined;
}
