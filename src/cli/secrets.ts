/** The text without private keys and tokens, for showing a file to whoever looks at the screen. */
export function withoutSecrets(text: string): string {
  return text
    .replace(/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?-----END \1-----/g, '($1, not shown)')
    .replace(/^(\s*(?:client-key-data|token|password): ).+$/gm, '$1(not shown)');
}
