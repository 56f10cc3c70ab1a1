import type { Log } from '../../src/base/log.ts';

/** A log that keeps its warnings. */
export function recordingLog(): Log & { readonly warnings: string[] } {
  const warnings: string[] = [];
  return { warnings, info() {}, error() {}, verbose() {}, warn: (message) => void warnings.push(message) };
}
