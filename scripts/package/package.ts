/**
 * Makes what is given out, in dist/ or another DIRECTORY: executable, archive and Debian package for each platform whose
 * Node is installed, the npm package, a bill of materials, checksums. Two runs of one commit make the same bytes.
 * `node scripts/package/package.ts [--executable] [DIRECTORY]`: with the flag the executables alone.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sha256Hex } from '../../src/base/hash.ts';
import { bundleProgram, programVersion } from './bundle.ts';
import { billOfMaterials, componentsOf, licencesText } from './components.ts';
import { archiveContents, archiveName, type Parts } from './contents.ts';
import { debianName, makeDebianPackage } from './debian.ts';
import { makeExecutable } from './executable.ts';
import { makeArchive } from './staging.ts';

const version = programVersion();
const epochSeconds = Number(
  process.env.SOURCE_DATE_EPOCH ?? execFileSync('git', ['log', '-1', '--format=%ct'], { encoding: 'utf8' }).trim(),
);
const { values, positionals } = parseArgs({ allowPositionals: true, options: { executable: { type: 'boolean' } } });
const [directory = 'dist'] = positionals;
mkdirSync(directory, { recursive: true });
// Beside the place it is for: everything appears there at once, or nothing does.
const making = mkdtempSync(join(directory, '.making-'));
try {
  for (const name of await makeAll()) {
    renameSync(join(making, name), join(directory, name));
    process.stdout.write(`${join(directory, name)}\n`);
  }
} finally {
  rmSync(making, { recursive: true, force: true });
}

/** The names of what was made. */
async function makeAll(): Promise<readonly string[]> {
  const { code, metafile } = await bundleProgram(version);
  const components = componentsOf(metafile);
  const licences = licencesText(components);
  for (const platform of ['x64', 'arm64']) {
    const node = `node_modules/node-linux-${platform}/bin/node`;
    if (!existsSync(node)) process.stderr.write(`no ${node}: nothing is made for ${platform}\n`);
    else await makeFor({ executable: makeExecutable(node, platform, code), version, platform, licences, epochSeconds });
  }
  if (values.executable === true) return readdirSync(making);
  execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' });
  execFileSync('npm', ['pack', '--silent', '--pack-destination', making], { stdio: ['ignore', 'ignore', 'inherit'] });
  write(`kube-bootstrap-${version}.cdx.json`, billOfMaterials(components, { version, epochSeconds }));
  const made = readdirSync(making).sort();
  const sums = made.map((name) => `${sha256Hex(readFileSync(join(making, name)))}  ${name}\n`);
  write('SHA256SUMS', sums.join(''));
  return [...made, 'SHA256SUMS'];
}

async function makeFor(parts: Parts): Promise<void> {
  write(`bootstrap-linux-${parts.platform}`, parts.executable, 0o755);
  if (values.executable === true) return;
  makeArchive(await archiveContents(parts), epochSeconds, join(making, `${archiveName(parts)}.tar.gz`));
  await makeDebianPackage(parts, join(making, debianName(parts)));
}

function write(name: string, content: Uint8Array | string, mode = 0o644): void {
  writeFileSync(join(making, name), content, { mode });
}
