import { globSync, readFileSync } from 'node:fs';

export type Page = { readonly path: string; readonly text: string };

/** A command of ours as a page shows it. */
export type ShownCommand = { readonly page: string; readonly line: string; readonly words: readonly string[] };

/** What a user reads, from the top of the repository. */
export function pages(): readonly Page[] {
  return ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md'), ...globSync('vagrant/*.md')].map((path) => ({
    path,
    text: readFileSync(path, 'utf8'),
  }));
}

/** Commands in blocks and in running text: what begins with `bootstrap`, up to a comment, pipe or redirection. */
export function shownCommands({ path, text }: Page): readonly ShownCommand[] {
  const lines = [...blocks(text).flatMap((block) => block.replace(/\\\n/g, ' ').split('\n')), ...inlineCode(text)];
  return lines.flatMap((line) => {
    const [, command] = /^(?:\$ |sudo |\. <\()*(?:\S*bin\/)?bootstrap((?: [^#|>;&…)]*)?)/.exec(line.trim()) ?? [];
    if (command === undefined) return [];
    return [{ page: path, line: line.trim(), words: command.split(' ').filter((word) => word !== '') }];
  });
}

/** Code in running text, without its backquotes. */
export function inlineCode(text: string): readonly string[] {
  return [...text.replace(/^```.*?^```/gms, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** Relative targets of links and pictures. */
export function links({ text }: Page): readonly string[] {
  const prose = text.replace(/^```.*?^```/gms, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Headings as GitHub names them in addresses. */
export function anchors(text: string): readonly string[] {
  const prose = text.replace(/^```.*?^```/gms, '');
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The first column of the tables below a heading of the second level. */
export function tableNames(text: string, heading: string): readonly string[] {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const cells = [...section.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => cell.split(', ').map((name) => name.replaceAll('`', '')));
}

function blocks(text: string): readonly string[] {
  return [...text.matchAll(/^ *```\w*\n(.*?)^ *```/gms)].map(([, block = '']) => block);
}
