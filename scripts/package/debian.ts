import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { debianContents, type PackedFile, type Parts } from './contents.ts';
import { debianVersion } from './debian-changelog.ts';
import { withFiles } from './staging.ts';

/** Debian's name of each processor. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

export const debianName = ({ version, platform }: Pick<Parts, 'version' | 'platform'>) =>
  `kube-bootstrap_${debianVersion(version)}_${architectures[platform]}.deb`;

/** Makes a Debian package by dpkg-deb, whose times SOURCE_DATE_EPOCH sets. */
export async function makeDebianPackage(parts: Parts, file: string): Promise<void> {
  const contents = await debianContents(parts);
  const kilobytes = contents.reduce((sum, { content }) => sum + Math.ceil(content.length / 1024), 0);
  const values: Readonly<Record<string, string>> = {
    VERSION: debianVersion(parts.version),
    ARCHITECTURE: architectures[parts.platform] ?? parts.platform,
    INSTALLED_SIZE: String(kilobytes),
  };
  const control = globSync('packaging/debian/*').map((source) => ({
    path: `DEBIAN/${basename(source)}`,
    content: readFileSync(source, 'utf8').replace(/@([A-Z_]+)@/g, (_, name: string) => values[name] ?? ''),
    mode: /(inst|rm)$/.test(source) ? 0o755 : 0o644,
  }));
  const sums = { path: 'DEBIAN/md5sums', content: md5sums(contents) };
  withFiles([...contents, ...control, sums], (directory) => {
    chmodSync(directory, 0o755);
    // -z2: a fifth larger than -z6, in a quarter of the time.
    dpkgDeb(['--root-owner-group', '-Zxz', '-z2', '--build', directory, file], parts.epochSeconds);
  });
}

/** For "dpkg --verify"; configuration files are looked after by themselves (deb-md5sums(5)). */
function md5sums(contents: readonly PackedFile[]): string {
  return contents
    .filter(({ path }) => !path.startsWith('etc/'))
    .map(({ path, content }) => `${createHash('md5').update(content).digest('hex')}  ${path}\n`)
    .sort((one, other) => (one.slice(34) < other.slice(34) ? -1 : 1))
    .join('');
}

function dpkgDeb(args: readonly string[], epochSeconds: number): void {
  try {
    execFileSync('dpkg-deb', args, {
      env: { ...process.env, SOURCE_DATE_EPOCH: String(epochSeconds) },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
    throw new Error('the Debian package is made by dpkg-deb, which is not here: install the package "dpkg"');
  }
}
