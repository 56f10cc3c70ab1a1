import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { protosAsJson } from './bundle.ts';
import { withApplication } from './elf-note.ts';

/** One executable of the given Node (a file) for a platform such as `x64`, and the program. */
export function makeExecutable(node: string, platform: string, code: Uint8Array): Buffer {
  const directory = mkdtempSync(join(tmpdir(), 'executable-'));
  try {
    return withApplication(readFileSync(node), makeBlob(directory, platform, code));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** By the Node that runs this, which has to be of the same version. */
function makeBlob(directory: string, platform: string, code: Uint8Array): Buffer {
  writeFileSync(join(directory, 'bootstrap.cjs'), code);
  writeFileSync(join(directory, 'cri.json'), protosAsJson());
  const configuration = {
    // Relative, since the blob holds it; stacks show it.
    main: 'bootstrap.cjs',
    output: 'blob',
    disableExperimentalSEAWarning: true,
    // Compiled code is of one processor only.
    useCodeCache: platform === process.arch,
    // What is meant for other programs of Node is not for this one.
    execArgvExtension: 'none',
    assets: { 'cri.json': 'cri.json', ...templates() },
  };
  writeFileSync(join(directory, 'sea.json'), JSON.stringify(configuration));
  execFileSync(process.execPath, ['--random-seed=1', '--experimental-sea-config', 'sea.json'], {
    cwd: directory,
    stdio: 'ignore',
  });
  return readFileSync(join(directory, 'blob'));
}

function templates(): Readonly<Record<string, string>> {
  const files = globSync('templates/**/*', { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return Object.fromEntries(files.map((path) => [path, resolve(path)]));
}
