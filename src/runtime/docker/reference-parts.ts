/** The registry of an image reference as Docker reads it (distribution/reference): `docker.io` when none is named. */
export function registryOf(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return named ? first : 'registry-1.docker.io';
}

/** What `docker pull` sends: a digest stays with the name, no tag is `latest` (without one Docker would pull all tags). */
export function splitReference(reference: string): { readonly repository: string; readonly tag?: string } {
  if (reference.includes('@')) return { repository: reference };
  const colon = reference.lastIndexOf(':');
  if (colon <= reference.lastIndexOf('/')) return { repository: reference, tag: 'latest' };
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
