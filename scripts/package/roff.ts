/** Text for man(7), which groff and mandoc read alike. */

const lineWidth = 78;

/** What means something to roff; "-" is meant as the one that can be copied into a shell. */
const named: Readonly<Record<string, string>> = {
  '\\': '\\e',
  '-': '\\-',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '"': '\\(dq',
};

/** Any text as roff prints it, in ASCII. */
export function escaped(text: string): string {
  return text.replace(/[\\\-'`^~"]|[^ -~]/gu, (letter) => {
    const code = letter.codePointAt(0) ?? 0;
    return named[letter] ?? `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`;
  });
}

export const bold = (text: string): string => `\\fB${escaped(text)}\\fR`;
const italic = (text: string): string => `\\fI${escaped(text)}\\fR`;

/** `--config <file>` with the option bold and its value in italics. */
export function optionForm(flags: string): string {
  return flags
    .split(/(<[^>]+>|\[[^\]]+\])/)
    .map((part) => {
      if (part.startsWith('<')) return italic(part.slice(1, -1));
      if (part.startsWith('[')) return `[${italic(part.slice(1, -1))}]`;
      return part
        .split(/(, )/)
        .map((word) => (word.trim() === '' || word === ', ' ? word : word.replace(/\S+/, (name) => bold(name))))
        .join('');
    })
    .join('');
}

/** Text in lines of at most `width`, but for longer words. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Lines no longer than man pages have them, none of which roff takes for a request. */
export const filled = (text: string): string => wrapped(text, lineWidth).map(asText).join('\n');

export const paragraph = (text: string): string => `.PP\n${filled(escaped(text))}`;

export const tagged = (tag: string, text: string): string => `.TP\n${asText(tag)}\n${filled(text)}`;

/** Lines as they are, such as commands. */
export function verbatim(lines: readonly string[]): string {
  return ['.RS 4', '.EX', ...lines.map((line) => asText(escaped(line))), '.EE', '.RE'].join('\n');
}

export const heading = (name: string): string => `.SH ${escaped(name.toUpperCase())}`;
export const subheading = (name: string): string => `.SS "${escaped(name)}"`;

const asText = (line: string): string => (/^[.']/.test(line) ? `\\&${line}` : line);
