import { access, constants } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../base/errors.ts';

/**
 * The system's error code that making or writing this directory would give (`EACCES`, `EROFS` …); undefined when none.
 * The system is asked, not the mode: that says nothing about a read-only mount, or of root.
 */
export async function whyNotWritable(directory: string): Promise<string | undefined> {
  try {
    await access(directory, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return whyNotWritable(dirname(directory));
    return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
  }
}
