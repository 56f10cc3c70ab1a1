import { closeSync, openSync } from 'node:fs';

/** Whether the terminal that the process belongs to was closed: it cannot be opened any more (tty(4)). */
export function terminalIsGone(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return false;
  } catch {
    return true;
  }
}
