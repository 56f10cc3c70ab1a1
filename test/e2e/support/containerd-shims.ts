import { readdirSync, readFileSync } from 'node:fs';
import { argumentsOf } from './processes.ts';

/** Kills the shims of a containerd, by its socket, with all programs that they hold. */
export function endShims(socketPath: string): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < 500; tries++) {
    const shims = shimsOf(socketPath);
    if (shims.length === 0) return;
    for (const shim of shims) kill(shim);
    Atomics.wait(pause, 0, 0, 10);
  }
}

/** A shim adopts what its containers leave, so that its children are all there is; it goes once it has none. */
function kill(shim: number): void {
  const children = childrenOf(shim);
  for (const pid of children.length === 0 ? [shim] : children) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone by itself.
    }
  }
}

function shimsOf(socketPath: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const words = argumentsOf(pid);
      return (words[0] ?? '').includes('containerd-shim') && words.includes(socketPath);
    });
}

function childrenOf(pid: number): readonly number[] {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const all = tasks.map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'));
    return all.flatMap((text) => text.split(' ').filter(Boolean).map(Number));
  } catch {
    return [];
  }
}
