import {
  appendFileSync,
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';

/**
 * A log file (0600) that lines are appended to; at `maxBytes` it moves to `<path>.1` and a new one begins. Written at
 * once: the last line before a crash is the one that counts. On a full disk lines are lost, and that is said later:
 * whoever logs has other work to do, and goes on with it.
 */
export function openLogFile(path: string, maxBytes: number): (line: string) => void {
  let file = openSync(path, 'a', 0o600);
  let size = fstatSync(file).size;
  let lost = 0;
  const append = (line: string) => {
    const text = `${line}\n`;
    if (size + text.length > maxBytes) {
      renameSync(path, `${path}.1`);
      const full = file;
      file = openSync(path, 'a', 0o600);
      size = 0;
      closeSync(full);
    }
    appendFileSync(file, text);
    size += Buffer.byteLength(text);
  };
  return (line) => {
    try {
      if (lost > 0) append(`${lost} lines before this one are lost: they could not be written`);
      lost = 0;
      append(line);
    } catch {
      lost += 1;
    }
  };
}

/**
 * Copies a file that a program appends to, and empties it. What is written while it is copied is copied too, up to the
 * few microseconds between the last look and the cut.
 */
export async function copyAndTruncate(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const source = openSync(from, 'r+');
  const target = openSync(to, 'a');
  try {
    const buffer = Buffer.alloc(64 * 1024);
    for (let offset = fstatSync(target).size; ; ) {
      const count = readSync(source, buffer, 0, buffer.length, offset);
      if (count === 0) break;
      writeSync(target, buffer, 0, count);
      offset += count;
    }
    ftruncateSync(source, 0);
  } finally {
    closeSync(source);
    closeSync(target);
  }
}
