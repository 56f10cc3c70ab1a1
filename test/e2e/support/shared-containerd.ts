import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PreflightError } from '../../../src/base/errors.ts';
import { takeLock } from '../../../src/host/lock.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import { componentsCache } from '../../components/locations.ts';
import { OwnContainerd } from './own-containerd.ts';

/**
 * A containerd for all that a test file runs, on the first directory below the components' cache that nobody has: images
 * stay for the next one, what a killed test left goes. It ends with this process, after the last hook of the file.
 * Undefined on a machine without containerd or for a user who may not run it.
 */
export async function startSharedContainerd(): Promise<OwnContainerd | undefined> {
  if (process.getuid?.() !== 0 || !['/usr/bin', '/usr/local/bin'].some((path) => existsSync(`${path}/containerd`))) {
    return undefined;
  }
  const containerd = new OwnContainerd({ directory: await freeDirectory(join(componentsCache(), 'containerd')) });
  await containerd.start();
  process.once('exit', () => containerd.abandon());
  await containerd.removePods();
  return containerd;
}

/** Taken for as long as this process lives. */
async function freeDirectory(below: string): Promise<string> {
  for (let number = 0; number < 20; number++) {
    const directory = join(below, String(number));
    try {
      await takeLock(nodeHost, join(directory, 'lock'), 'a test');
      return directory;
    } catch (thrown) {
      if (!(thrown instanceof PreflightError)) throw thrown;
    }
  }
  throw new Error(`twenty tests at once use ${below}`);
}
