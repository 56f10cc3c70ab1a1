/** The text without private keys and tokens, for showing a file to whoever looks at the screen. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?-----END \1-----/g, '($1, not shown)')
    .replace(/^(\s*(?:client-key-data|token|password): ).+$/gm, '$1(not shown)');
}

/** A Secret without the values of its members; anything else as it is. */
export function withoutSecretData(object: unknown): unknown {
  if (typeof object !== 'object' || object === null || !('kind' in object) || object.kind !== 'Secret') return object;
  if (!('data' in object) || typeof object.data !== 'object') return object;
  const data = Object.keys(object.data ?? {}).map((name) => [name, '(not shown)']);
  return { ...object, data: Object.fromEntries(data) };
}
