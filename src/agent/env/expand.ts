/**
 * Replaces `$(NAME)` by the variable's value; an unknown one stays as it is, `$$` is a `$` (kubernetes
 * third_party/forked/golang/expansion).
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (literal, what: string, name: string | undefined) => {
    if (what === '$') return '$';
    return variables.get(name ?? '') ?? literal;
  });
}
