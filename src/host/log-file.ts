import { appendFileSync, closeSync, fstatSync, openSync, renameSync } from 'node:fs';
import { copyFile, truncate } from 'node:fs/promises';

/**
 * A log file (0600) that lines are appended to; at `maxBytes` it moves to `<path>.1` and a new one begins. Written at
 * once: the last line before a crash is the one that counts.
 */
export function openLogFile(path: string, maxBytes: number): (line: string) => void {
  let file = openSync(path, 'a', 0o600);
  let size = fstatSync(file).size;
  return (line) => {
    const text = `${line}\n`;
    if (size + text.length > maxBytes) {
      closeSync(file);
      renameSync(path, `${path}.1`);
      file = openSync(path, 'a', 0o600);
      size = 0;
    }
    appendFileSync(file, text);
    size += Buffer.byteLength(text);
  };
}

/** Copies a file that a program appends to, and empties it. */
export async function copyAndTruncate(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  await truncate(from, 0);
}
