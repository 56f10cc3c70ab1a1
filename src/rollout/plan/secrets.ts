/** Names of variables and flags whose value nobody may read over a shoulder. */
const secretName = /token|passw|secret|credential|(?:private|certificate|api|access|encryption)[-_]?key|[-_.]key$/i;

/** Flags with such a name whose value is a path, a list of names or a limit, never the secret itself. */
const plainFlag = /(?:file|dir|path|cert|kubeconfig|config|auth|audiences?|issuer|ttl|expiration|version|groups?)$/i;

/** `https://user:password@host` */
const userInUrl = /(\w+:\/\/)[^/@\s:]+:[^/@\s]+@/g;

/** Whether the value of a variable or a flag (`--name`) is a secret, by its name. */
export function isSecret(name: string, value: string): boolean {
  if (value === '' || !(secretName.test(name) || name === 'KEY') || /^(?:true|false|\d+)$/.test(value)) return false;
  return !(name.startsWith('--') && (value.startsWith('/') || plainFlag.test(name)));
}

/** The two values of a difference as they may be shown; that two secrets differ is said, not how. */
export function shown(
  name: string,
  { from, to }: { readonly from: string | undefined; readonly to: string | undefined },
): { readonly from?: string; readonly to?: string } {
  const mask = (value: string | undefined, other: string) => {
    if (value === undefined) return undefined;
    return isSecret(name, value) ? other : value.replace(userInUrl, '$1(hidden)@');
  };
  const [before, after] = [mask(from, '(hidden)'), mask(to, from === undefined ? '(hidden)' : '(hidden, another)')];
  return { ...(before !== undefined && { from: before }), ...(after !== undefined && { to: after }) };
}

/** A value as it may be shown beside another of the same name: that they differ is said, not how. */
export function shownBeside(name: string, value: string | undefined, other: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const { from, to } = shown(name, { from: other, to: value });
  return value === other ? from : to;
}
