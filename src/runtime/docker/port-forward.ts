import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { OperationError } from '../../base/errors.ts';
import { connectLocally, connectSocket } from '../../host/connect-local.ts';
import type { Host } from '../../host/host.ts';
import { type KillContext, pidHere } from './kill-exec.ts';
import { inspectContainer } from './remove.ts';

export type ForwardContext = Pick<KillContext, 'client' | 'warn'> & {
  readonly host: Pick<Host, 'uid' | 'env' | 'findProgram' | 'selfCommand' | 'list' | 'readText'>;
};

/**
 * A connection to a port of a pod's own localhost: the host's for a pod on its network, else by a helper of ours in the
 * pod's network namespace. Where this user may not enter that, by the pod's address, which programs that listen on
 * localhost alone do not hear.
 */
export async function connectToPod(context: ForwardContext, sandboxId: string, port: number): Promise<Duplex> {
  const { State, HostConfig, NetworkSettings } = await inspectContainer(context.client, sandboxId);
  if (!State.Running) throw new OperationError(`the pod's sandbox ${sandboxId.slice(0, 12)} does not run`);
  if (HostConfig.NetworkMode === 'host') return connectLocally(port);
  const nsenter = context.host.uid === 0 ? await context.host.findProgram('nsenter') : undefined;
  const pid = nsenter === undefined ? undefined : await pidHere(context.host, State.Pid, sandboxId);
  if (nsenter !== undefined && pid !== undefined) return connectInside(context, { nsenter, pid, port });
  context.warn('port-forward reaches pods by their address: entering their network needs root here, and nsenter');
  const address = Object.values(NetworkSettings.Networks).find(({ IPAddress }) => IPAddress !== '')?.IPAddress;
  if (!address) throw new OperationError('the pod has no address that could be reached');
  return connectSocket(address, port);
}

async function connectInside(
  { host }: ForwardContext,
  at: { readonly nsenter: string; readonly pid: number; readonly port: number },
): Promise<Duplex> {
  const words = ['--target', String(at.pid), '--net', '--', ...host.selfCommand(), 'connect', String(at.port)];
  const compiled = host.env('NODE_COMPILE_CACHE');
  const env = compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled };
  const child = spawn(at.nsenter, words, { stdio: ['pipe', 'pipe', 'pipe'], env });
  await connected(child, at.port);
  const connection = Duplex.from({ readable: child.stdout, writable: child.stdin });
  connection.on('error', () => {});
  connection.on('close', () => child.kill('SIGKILL'));
  return connection;
}

/** Waits for the helper's one byte. */
function connected(child: ChildProcess, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let why = '';
    child.stdin?.on('error', () => {});
    child.stderr?.on('data', (data: Buffer) => {
      why = (why + data.toString()).slice(0, 1000);
    });
    const fail = (text: string) => reject(new OperationError(`cannot connect to port ${port} of the pod: ${text}`));
    child.once('error', (thrown) => fail(thrown.message));
    child.once('close', (code) => fail(reasonIn(why) || `the helper ended with exit code ${code}`));
    child.stdout?.once('readable', () => {
      if (child.stdout?.read(1) !== null) resolve();
    });
  });
}

/** What connect-local.ts says, out of what `bootstrap connect` prints of it. */
function reasonIn(printed: string): string {
  return printed.trim().replace(/^error: cannot connect to port \d+ of localhost: /, '');
}
