import type { FilePart } from '../../host/read-part.ts';

const blockBytes = 64 * 1024;
const newline = 10;

/**
 * Where to begin reading for the last so many lines of a file, found from its end on: the beginning of a line, with at
 * least that many ended lines from there on; 0 when there are not so many.
 */
export async function tailStart(
  readPart: (path: string, offset: number, length: number) => Promise<FilePart | undefined>,
  path: string,
  lines: number,
): Promise<number> {
  let end = (await readPart(path, 0, 0))?.size ?? 0;
  // One more: what is behind it begins a line.
  let wanted = lines + 1;
  while (end > 0) {
    const start = Math.max(0, end - blockBytes);
    const { data = new Uint8Array() } = (await readPart(path, start, end - start)) ?? {};
    for (let at = data.lastIndexOf(newline); at >= 0; at = at === 0 ? -1 : data.lastIndexOf(newline, at - 1)) {
      wanted -= 1;
      if (wanted === 0) return start + at + 1;
    }
    end = start;
  }
  return 0;
}
