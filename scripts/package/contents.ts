import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { systemdUnit } from '../../src/cli/agent/systemd-unit.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { completionScripts } from './completion-scripts.ts';
import { debianChangelog } from './debian-changelog.ts';
import { manPages } from './man-pages.ts';

export type PackedFile = {
  readonly path: string;
  readonly content: Uint8Array | string;
  /** 0o644 when absent. */
  readonly mode?: number;
};

/** What both packages are made of. */
export type Parts = {
  readonly executable: Uint8Array;
  readonly version: string;
  /** Node's name of the processor: `x64`. */
  readonly platform: string;
  readonly licences: string;
  /** Of the last commit: seconds since 1970. */
  readonly epochSeconds: number;
};

const unitFor = (program: string) =>
  systemdUnit(nodeHost, [program, 'agent', '--config', '/var/lib/bootstrap/agent.yaml', '--root-dir', '/']);

/** The archive's files, below one directory that bears its name. */
export async function archiveContents(parts: Parts): Promise<readonly PackedFile[]> {
  const shells = await completionScripts();
  const installer = readFileSync('packaging/install.sh', 'utf8').replaceAll('@PLATFORM@', parts.platform);
  const files: readonly PackedFile[] = [
    { path: 'bootstrap', content: parts.executable, mode: 0o755 },
    { path: 'install.sh', content: installer, mode: 0o755 },
    { path: 'bootstrap-agent.service', content: await unitFor('/usr/local/bin/bootstrap') },
    { path: 'bootstrap-agent.default', content: readFileSync('packaging/bootstrap-agent.default') },
    ...manPages(parts).map(({ name, text }) => ({ path: `man/${name}`, content: text })),
    { path: 'completions/bootstrap.bash', content: shells.bash },
    { path: 'completions/_bootstrap', content: shells.zsh },
    { path: 'completions/bootstrap.fish', content: shells.fish },
    { path: 'LICENSE', content: readFileSync('LICENSE') },
    { path: 'CHANGELOG.md', content: readFileSync('CHANGELOG.md') },
    { path: 'THIRD-PARTY-LICENSES', content: parts.licences },
  ];
  return files.map((file) => ({ ...file, path: `${archiveName(parts)}/${file.path}` }));
}

export const archiveName = ({ version, platform }: Pick<Parts, 'version' | 'platform'>) =>
  `kube-bootstrap-${version}-linux-${platform}`;

/** The Debian package's files, where Debian's policy has them. */
export async function debianContents(parts: Parts): Promise<readonly PackedFile[]> {
  const shells = await completionScripts();
  const changelog = readFileSync('CHANGELOG.md', 'utf8');
  const doc = 'usr/share/doc/kube-bootstrap';
  const share = 'usr/share';
  return [
    { path: 'usr/bin/bootstrap', content: parts.executable, mode: 0o755 },
    { path: 'lib/systemd/system/bootstrap-agent.service', content: await unitFor('/usr/bin/bootstrap') },
    { path: 'etc/default/bootstrap-agent', content: readFileSync('packaging/bootstrap-agent.default') },
    ...manPages(parts).map(({ name, text }) => ({ path: `${share}/man/man1/${name}.gz`, content: gzipped(text) })),
    { path: `${share}/bash-completion/completions/bootstrap`, content: shells.bash },
    { path: `${share}/zsh/vendor-completions/_bootstrap`, content: shells.zsh },
    { path: `${share}/fish/vendor_completions.d/bootstrap.fish`, content: shells.fish },
    { path: `${share}/lintian/overrides/kube-bootstrap`, content: readFileSync('packaging/lintian-overrides') },
    { path: `${doc}/copyright`, content: readFileSync('packaging/debian-copyright') },
    { path: `${doc}/THIRD-PARTY-LICENSES.gz`, content: gzipped(parts.licences) },
    { path: `${doc}/changelog.gz`, content: gzipped(debianChangelog(changelog, parts)) },
  ];
}

const gzipped = (text: string) => gzipSync(text, { level: 9 });
