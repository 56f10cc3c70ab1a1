/**
 * The value of a key in a file of environment variables, undefined when it is not there: `NAME='value'` a line, a value
 * may go over several lines, `#` begins a comment (kubelet pkg/kubelet/util/env). Throws at a line of another form.
 */
export function envFileValue(text: string, key: string): string | undefined {
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = (lines[index] ?? '').trimStart();
    if (line === '' || line.startsWith('#')) continue;
    const [, name = '', after = ''] = /^([^=]*)=(.*)$/.exec(line) ?? fail(index, "there is no '='");
    if (name === '' || /\s$/.test(name)) fail(index, 'a name must stand right before the "="');
    // As in a shell, what follows a space is not the value.
    if (/^\s/.test(after)) {
      if (name === key) return undefined;
      continue;
    }
    const value = readQuoted(lines, index, after);
    if (name === key) return value.text === '' ? undefined : value.text;
    index = value.lastLine;
  }
  return undefined;
}

/** The value that begins in this line, and the line where its closing quote is. */
function readQuoted(lines: readonly string[], index: number, begin: string): { text: string; lastLine: number } {
  if (!begin.startsWith("'")) fail(index, 'a value must be in single quotes');
  let rest = begin.slice(1);
  const text: string[] = [];
  for (let line = index; ; ) {
    const end = rest.indexOf("'");
    if (end >= 0) {
      if (!/^\s*(#.*)?$/.test(rest.slice(end + 1))) fail(line, 'there is something after the closing quote');
      return { text: [...text, rest.slice(0, end)].join('\n'), lastLine: line };
    }
    text.push(rest);
    line += 1;
    rest = lines[line] ?? fail(index, 'the closing quote is missing');
  }
}

function fail(index: number, why: string): never {
  throw new Error(`line ${index + 1}: ${why}; variables are written as NAME='value'`);
}
