import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** The command under test: this checkout's, or the packaged one that E2E_EXECUTABLE names. */
export const bootstrapProgram = resolve(process.env.E2E_EXECUTABLE ?? 'bin/bootstrap');

/** Runs a program to its end, killed after `timeoutMs` (default two minutes). */
export function run(
  command: string,
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly input?: string;
    readonly timeoutMs?: number;
    readonly uid?: number;
    /** Called with the pid as soon as it runs. */
    readonly started?: (pid: number) => void;
  } = {},
): Promise<Ran> {
  return new Promise((done, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, NO_COLOR: '1', ...options.env },
      timeout: options.timeoutMs ?? 120_000,
      killSignal: 'SIGKILL',
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    // `exit`, not `close`: a daemon that it started may hold its standard error open.
    child.on('exit', (code, signal) =>
      setImmediate(() =>
        done({
          code: code ?? (signal === 'SIGKILL' ? 137 : 143),
          stdout: Buffer.concat(stdout).toString(),
          stderr: Buffer.concat(stderr).toString(),
        }),
      ),
    );
    child.stdin.on('error', () => {});
    child.stdin.end(options.input);
    if (child.pid !== undefined) options.started?.(child.pid);
  });
}

/** Runs `bootstrap`. */
export function bootstrap(args: readonly string[], options: Parameters<typeof run>[2] = {}): Promise<Ran> {
  return run(bootstrapProgram, args, options);
}

/** What a program printed, and a failure that shows it when the exit code is another. */
export function expectCode(ran: Ran, code: number): Ran {
  if (ran.code === code) return ran;
  throw new Error(`exit code ${ran.code}, not ${code}\n--- stdout\n${ran.stdout}\n--- stderr\n${ran.stderr}`);
}

/** Asks every 50 ms until `probe` gives a value; fails with the last error after `timeoutMs`. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last = '';
  while (performance.now() < deadline) {
    try {
      const value = await probe();
      if (value !== undefined && value !== false) return value;
    } catch (thrown) {
      last = String(thrown);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not happen within ${timeoutMs / 1000} s. ${last}`);
}
