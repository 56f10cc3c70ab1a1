import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ComponentsError } from './errors.ts';
import type { TarEntry } from './tar.ts';

const multiCall = 'usr/sbin/xtables-nft-multi';
const links = ['iptables', 'ip6tables'].flatMap((name) => [name, `${name}-save`, `${name}-restore`]);
const hint = 'Install the packages nftables and iptables, or run "apt-get update" as root, and run this again.';

/**
 * The distribution's nft and iptables programs for the kube-proxy image, with every library they load: from this machine
 * where they are installed, else from Debian packages unpacked below `workDirectory`, which needs no root.
 */
export function packetFilterEntries(workDirectory: string, installed = '/'): TarEntry[] {
  const present = [multiCall, 'usr/sbin/nft'].every((path) => existsSync(join(installed, path)));
  const root = present ? installed : unpack(workDirectory);
  const extensions = xtablesDirectory(root);
  const loaded = [
    multiCall,
    'usr/sbin/nft',
    ...readdirSync(join(root, extensions)).map((name) => join(extensions, name)),
  ];
  const programs = loaded.map((path) => copy(join(root, path), path));
  const libraries = librariesOf(root, loaded).map((path) => copy(path, join('usr', withoutUsr(path, root))));
  return [
    ...programs,
    ...libraries,
    ...links.map((name): TarEntry => symlink(`usr/sbin/${name}`, 'xtables-nft-multi')),
    ...['bin', 'lib', 'lib64', 'sbin'].map((name): TarEntry => symlink(name, `usr/${name}`)),
    { type: 'directory', path: 'usr/bin', mode: 0o755 },
    { type: 'directory', path: 'usr/lib64', mode: 0o755 },
    // nft asks for protocols by name.
    { type: 'file', path: 'etc/protocols', mode: 0o644, content: Buffer.from(protocols) },
    { type: 'directory', path: 'run', mode: 0o755 },
  ];
}

const protocols = 'icmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\nipv6-icmp 58 IPv6-ICMP\nsctp 132 SCTP\n';

function xtablesDirectory(root: string): string {
  const parents = ['usr/lib', ...readdirSync(join(root, 'usr/lib')).map((name) => join('usr/lib', name))];
  const found = parents.map((parent) => join(parent, 'xtables')).find((path) => existsSync(join(root, path)));
  if (!found) throw new ComponentsError(`no xtables directory below ${join(root, 'usr/lib')}`, hint);
  return found;
}

/** Names as ldd gives them, the dynamic loader included; a name may be a link, so its content is copied under that name. */
function librariesOf(root: string, paths: readonly string[]): string[] {
  const directories = root === '/' ? [] : libraryDirectories(root);
  const env = { ...process.env, LC_ALL: 'C', LD_LIBRARY_PATH: directories.join(':') };
  const files = paths.map((path) => join(root, path));
  const output = run('ldd', files, { env });
  const missing = /^\s*(\S+) => not found/m.exec(output)?.[1];
  if (missing) throw new ComponentsError(`${missing}, which the packet filter programs load, is not there`, hint);
  return [...new Set([...output.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)].map((match) => match[1] ?? ''))].sort();
}

function libraryDirectories(root: string): string[] {
  const parents = [join(root, 'lib'), join(root, 'usr/lib')].filter((path) => existsSync(path));
  return parents.flatMap((parent) => [parent, ...readdirSync(parent).map((name) => join(parent, name))]);
}

/** Every library ends up below usr/, to which the image's /lib and /lib64 point, as in a merged distribution. */
function withoutUsr(path: string, root: string): string {
  const inside = root !== '/' && path.startsWith(root) ? path.slice(root.length) : path;
  return inside.replace(/^\/usr\//, '/').slice(1);
}

function unpack(workDirectory: string): string {
  const [packages, root] = [join(workDirectory, 'packages'), join(workDirectory, 'root')];
  for (const directory of [packages, root]) mkdirSync(directory, { recursive: true });
  const closure = run('apt-cache', [
    'depends',
    '--recurse',
    ...['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map((kind) => `--no-${kind}`),
    'nftables',
    'iptables',
  ]);
  const names = closure.split('\n').filter((line) => /^[a-z0-9]/.test(line) && !line.includes('debconf'));
  run('apt-get', ['-q', 'download', ...new Set(names)], { cwd: packages });
  for (const name of readdirSync(packages)) run('dpkg-deb', ['-x', join(packages, name), root]);
  return root;
}

function run(
  command: string,
  commandArguments: string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): string {
  try {
    return execFileSync(command, commandArguments, { ...options, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (cause) {
    throw new ComponentsError(
      `cannot get the nft and iptables programs for the kube-proxy image: ${(cause as Error).message.trim()}`,
      hint,
    );
  }
}

function copy(file: string, path: string): TarEntry {
  const source = realpathSync(file);
  const { size, mode } = statSync(source);
  return { type: 'copy', path, mode: mode & 0o111 ? 0o755 : 0o644, source, size };
}

function symlink(path: string, target: string): TarEntry {
  return { type: 'symlink', path, mode: 0o777, target };
}
