import { messageOf } from '../../base/errors.ts';
import type { StartDoors } from './start-container.ts';

/** A pod's place for logs. Where the runtime keeps them itself, a disk that is full or read-only is only a warning. */
export async function makeLogDirectory(
  { host, runtime, log }: Pick<StartDoors, 'host' | 'runtime' | 'log'>,
  path: string,
): Promise<void> {
  try {
    await host.makeDirectory(path, { mode: 0o755 });
  } catch (thrown) {
    if (runtime.type !== 'docker') throw thrown;
    log.warn(`logs are not linked in ${path}: ${messageOf(thrown)}`);
  }
}
