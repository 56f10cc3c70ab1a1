import type { Readable } from 'node:stream';
import type { TerminalSize } from '../../base/command-io.ts';

/** A size takes some 30 bytes; what is longer is none. */
const longestText = 1024;
const largest = 0xffff;

/** The sizes that a client sends as JSON objects, one after another; who is slow gets the newest only. */
export async function* terminalSizes(resize: Readable | undefined): AsyncGenerator<TerminalSize> {
  if (resize === undefined) return;
  let text = '';
  try {
    for await (const piece of resize as AsyncIterable<Buffer>) {
      text += piece.toString('latin1');
      const end = text.lastIndexOf('}');
      const size = end < 0 ? undefined : decodeSize(text.slice(text.lastIndexOf('{', end), end + 1));
      text = text.slice(end + 1).slice(-longestText);
      if (size !== undefined) yield size;
    }
  } catch {
    // The client is gone.
  }
}

/** `{"Width":80,"Height":24}`; undefined when it is none, or a size that no terminal has. */
function decodeSize(text: string): TerminalSize | undefined {
  try {
    const { Width: width, Height: height } = JSON.parse(text) as { Width?: unknown; Height?: unknown };
    return isLength(width) && isLength(height) ? { width, height } : undefined;
  } catch {
    return undefined;
  }
}

function isLength(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) <= largest;
}
