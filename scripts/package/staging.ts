import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { PackedFile } from './contents.ts';

/** Writes the files into a directory that is gone afterwards. Modes are as given, whatever the umask. */
export function withFiles<T>(files: readonly PackedFile[], use: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'package-'));
  const umask = process.umask(0o022);
  try {
    for (const { path, content, mode = 0o644 } of files) {
      const file = join(directory, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content, { mode });
    }
    return use(directory);
  } finally {
    process.umask(umask);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A gzipped tar archive that only depends on the files and the time. */
export function makeArchive(files: readonly PackedFile[], epochSeconds: number, file: string): void {
  const archive = withFiles(files, (directory) =>
    execFileSync(
      'tar',
      [
        ...['--create', '--format=gnu', '--sort=name', '--owner=0', '--group=0', '--numeric-owner'],
        ...[`--mtime=@${epochSeconds}`, '--file=-', '--directory', directory],
        ...new Set(files.map(({ path }) => path.split('/')[0] ?? path)),
      ],
      { maxBuffer: 1024 ** 3 },
    ),
  );
  writeFileSync(file, gzipSync(archive));
  utimesSync(file, epochSeconds, epochSeconds);
}
