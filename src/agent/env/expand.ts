/**
 * Replaces `$(NAME)` by the variable's value; an unknown one stays as it is, `$$` is a `$` (kubernetes
 * third_party/forked/golang/expansion: a name goes up to the first closing bracket).
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return expand(text, (name) => variables.get(name) ?? `$(${name})`);
}

/** The same; throws when a variable is unknown. `what` names the field in the error. */
export function expandKnown(text: string, variables: ReadonlyMap<string, string>, what: string): string {
  return expand(text, (name) => {
    const value = variables.get(name);
    if (value === undefined) throw new Error(`${what} refers to $(${name}), which is not set`);
    return value;
  });
}

function expand(text: string, lookUp: (name: string) => string): string {
  return text.replace(/\$(\$|\(([^)]*)\))/g, (_whole, what: string, name: string) =>
    what === '$' ? '$' : lookUp(name),
  );
}
