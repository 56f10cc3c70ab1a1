import { closeSync, existsSync, ftruncateSync, openSync, rmSync, statfsSync } from 'node:fs';
import { expectCode, run } from './command.ts';
import { RolloutPlane } from './rollout-plane.ts';

const diskBytes = 2 * 2 ** 30;

/** A control plane of processes whose root directory is a file system of 2 GB. */
export class SmallDiskPlane extends RolloutPlane {
  readonly #image = `${this.root}.ext4`;

  static async make(): Promise<SmallDiskPlane> {
    const plane = new SmallDiskPlane('process');
    const file = openSync(plane.#image, 'w', 0o600);
    ftruncateSync(file, diskBytes);
    closeSync(file);
    expectCode(await run('mkfs.ext4', ['-q', '-m', '0', plane.#image]), 0);
    expectCode(await run('mount', ['-o', 'loop', plane.#image, plane.root]), 0);
    plane.configure({});
    return plane;
  }

  /** Leaves no more free than this, in bytes. */
  async fill(leave: number): Promise<void> {
    const { bavail, bsize } = statfsSync(this.root);
    const most = Math.max(0, bavail * bsize - Math.max(leave, 2 ** 23));
    expectCode(await run('fallocate', ['-l', String(most), this.path('filler')]), 0);
    // The rest block by block, until there is none.
    if (leave === 0) expectCode(await run('dd', ['if=/dev/zero', `of=${this.path('filler-rest')}`, 'bs=4k']), 1);
  }

  free(): void {
    for (const name of ['filler', 'filler-rest']) rmSync(this.path(name), { force: true });
  }

  override async destroy(): Promise<void> {
    this.free();
    const ran = await this.bootstrap(['reset', '--force']);
    await run('umount', [this.root]);
    if (existsSync(this.#image)) rmSync(this.#image);
    rmSync(this.root, { recursive: true, force: true });
    expectCode(ran, 0);
  }
}
