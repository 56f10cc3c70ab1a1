import type { Pod } from '../kube/types.ts';

/** The flags of a command by name (`--v`), with every value given; the words before the first flag are the program. */
export type CommandLine = {
  readonly program: readonly string[];
  readonly flags: ReadonlyMap<string, readonly string[]>;
};

/**
 * A container's command and args as flags. `-v 2` and `--v 2` are not told from a bare `--v` followed by a word, as only the
 * program knows which flags take one: the word is then a value of the flag before it. A bare flag is `true`.
 */
export function parseCommand(words: readonly string[]): CommandLine {
  const program: string[] = [];
  const flags = new Map<string, string[]>();
  let open: string | undefined;
  for (const word of words) {
    const [, name, value] = /^--?([A-Za-z][^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (name !== undefined) {
      const key = `--${name}`;
      flags.set(key, [...(flags.get(key) ?? []), value ?? 'true']);
      open = value === undefined ? key : undefined;
    } else if (open !== undefined) {
      flags.set(open, [...(flags.get(open) ?? []).slice(0, -1), word]);
      open = undefined;
    } else program.push(word);
  }
  return { program, flags };
}

/** The last value given, which is the one that counts in Go's flags; undefined when there is none. */
export function flagValue(line: CommandLine, name: string): string | undefined {
  return line.flags.get(name)?.at(-1);
}

/** The command line of a pod's first container, which is the component. */
export function commandOf(pod: Pod): CommandLine {
  const [container] = pod.spec.containers;
  return parseCommand([...(container?.command ?? []), ...(container?.args ?? [])]);
}
