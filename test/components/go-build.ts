import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Family, Program } from './catalogue.ts';
import { ComponentsError } from './errors.ts';
import type { Go } from './go-toolchain.ts';

export type Build = {
  readonly go: Go;
  readonly family: Family;
  readonly programs: readonly Program[];
  /** On the cache's own disk, so that results can be renamed into place; also go's scratch directory. */
  readonly workDirectory: string;
  readonly onProgress: (detail: string) => void;
  readonly signal?: AbortSignal | undefined;
};

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };
export const architecture = architectures[process.arch] ?? process.arch;

/** Settings that decide what comes out; they are part of the recipe. */
export const buildSettings: Readonly<Record<string, string>> = {
  CGO_ENABLED: '0',
  GOARCH: architecture,
  GOFLAGS: '-mod=readonly',
  GOOS: 'linux',
  GOTOOLCHAIN: 'local',
  GOWORK: 'off',
};

export function buildArguments(family: Family): string[] {
  return ['build', '-trimpath', '-buildvcs=false', ...family.buildFlags];
}

/** Compiles the programs with one go command and returns where each of them is. Go itself uses all cores, so there is never a second one. */
export async function goBuild(build: Build): Promise<Map<Program, string>> {
  const { family, programs, workDirectory } = build;
  const output = programs.length === 1 ? join(workDirectory, 'program') : `${workDirectory}/`;
  const packages = programs.map((program) => program.package);
  await runGo(build, [...buildArguments(family), '-v', '-o', output, ...packages]);
  return new Map(
    programs.map((program) => [
      program,
      programs.length === 1 ? output : join(workDirectory, goProgramName(program.package)),
    ]),
  );
}

/** Go names a program after the last element of its package path that is not a major version. */
function goProgramName(packagePath: string): string {
  return basename(packagePath.replace(/\/v\d+$/, ''));
}

function runGo(build: Build, goArguments: string[]): Promise<void> {
  const { go, family, workDirectory, signal } = build;
  const env = { ...process.env, ...buildSettings, GOTMPDIR: workDirectory };
  const child = spawn(go.program, goArguments, {
    cwd: family.moduleDirectory,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...(signal ? { signal } : {}),
  });
  if (child.pid) lowerPriority(child.pid);
  const complaints: string[] = [];
  let compiled = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (/^[\w.~/-]+$/.test(line)) build.onProgress(`${++compiled} packages compiled, now ${line}`);
    else if (line.startsWith('go: downloading')) build.onProgress(line.slice(4));
    else complaints.push(line);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(buildFailure(family, code, complaints))));
  });
}

/** A build of minutes should not make the machine sluggish; not being allowed to is no reason to fail. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, 10);
  } catch {}
}

const reasons: readonly [RegExp, string][] = [
  [
    /dial tcp|no such host|i\/o timeout|proxyconnect|TLS handshake/,
    'Go modules could not be fetched: check the network and GOPROXY, then run this again; what was fetched is kept.',
  ],
  [/no space left on device/, 'The disk is full: Go needs about 6 GB in its caches and this build 1 GB beside them.'],
  [/signal: killed|cannot allocate memory/, 'Memory ran out: kube-apiserver needs about 3 GB to compile.'],
];

function buildFailure(family: Family, code: number | null, complaints: readonly string[]): ComponentsError {
  const tail = complaints.slice(-20);
  const reason = reasons.find(([pattern]) => tail.some((line) => pattern.test(line)))?.[1];
  return new ComponentsError(
    [`go build of ${family.name} ${family.version} failed (exit code ${code}):`, ...tail].join('\n  '),
    reason ?? `Look further with: cd ${family.moduleDirectory} && go build -o /dev/null <package>`,
  );
}
