import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

type OciIndex = { readonly manifests: readonly unknown[] };

/**
 * Makes one gzip archive of several images' archives (`docker save`, whose layers are files named by their digest), so
 * that a slow machine is given less to read. Its tables are the first files of it: who looks for names reads no further.
 */
export function packImages(archives: readonly string[], output: string): void {
  mkdirSync(dirname(output), { recursive: true });
  const work = mkdtempSync(join(dirname(output), 'pack-'));
  try {
    const images: unknown[] = [];
    const manifests: unknown[] = [];
    for (const archive of archives) {
      execFileSync('tar', ['-xf', archive, '-C', work]);
      images.push(...(readJson(work, 'manifest.json') as unknown[]));
      manifests.push(...(readJson(work, 'index.json') as OciIndex).manifests);
    }
    const index = { ...(readJson(work, 'index.json') as OciIndex), manifests };
    writeFileSync(join(work, 'manifest.json'), JSON.stringify(images));
    writeFileSync(join(work, 'index.json'), JSON.stringify(index));
    const partly = `${output}.part`;
    const entries = ['manifest.json', 'index.json', 'oci-layout', 'blobs'];
    execFileSync('tar', ['-I', 'gzip -3', '-C', work, '-cf', partly, ...entries]);
    renameSync(partly, output);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function readJson(directory: string, name: string): unknown {
  return JSON.parse(readFileSync(join(directory, name), 'utf8'));
}
