import { type Clock, sleep } from '../../base/clock.ts';
import { hasCode } from '../../base/errors.ts';
import type { Host, HttpResponse } from '../../host/host.ts';
import type { ContainerPort, LifecycleHandler } from '../../kube/types.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import { httpGetOf } from '../probes/http-action.ts';

export type HookTarget = {
  readonly containerId: string;
  /** For actions that name no host. */
  readonly address: string;
  readonly ports: readonly ContainerPort[];
};

export type HookDoors = {
  readonly host: Pick<Host, 'request'>;
  readonly runtime: Pick<ContainerRuntime, 'exec'>;
  readonly clock: Clock;
};

const maxBytes = 10 * 1024;
const maxRedirects = 10;

/**
 * Runs a postStart or preStop handler, at most `timeoutMs`; throws when it fails (kubelet pkg/kubelet/lifecycle/handlers.go).
 * A sleep is cut to the time there is, and a command is run as it is written: `$(NAME)` is a probe's affair.
 */
export async function runHook(
  doors: HookDoors,
  handler: LifecycleHandler,
  target: HookTarget,
  timeoutMs: number,
): Promise<void> {
  if (handler.exec !== undefined) return execHook(doors, handler.exec.command ?? [], target, timeoutMs);
  if (handler.httpGet !== undefined) return httpHook(doors, handler.httpGet, target, timeoutMs);
  if (handler.sleep !== undefined) return sleep(doors.clock, Math.min(handler.sleep.seconds * 1000, timeoutMs));
  // The API accepts tcpSocket here for old times' sake, and the kubelet has never run it.
  throw new Error('the hook has none of exec, httpGet and sleep, and others cannot be run');
}

async function execHook(
  { runtime }: HookDoors,
  command: readonly string[],
  { containerId }: HookTarget,
  timeoutMs: number,
): Promise<void> {
  const { exitCode, output, timedOut } = await runtime.exec(containerId, command, timeoutMs);
  if (timedOut) throw new Error(`the hook did not end within ${timeoutMs / 1000} s`);
  if (exitCode !== 0) throw new Error(`the hook exited with code ${exitCode}: ${output.trim()}`);
}

/** Whatever the server answers is good: only that no answer comes is a failure. https is not verified. */
async function httpHook(
  { host }: HookDoors,
  action: NonNullable<LifecycleHandler['httpGet']>,
  target: HookTarget,
  timeoutMs: number,
): Promise<void> {
  const { url, headers } = httpGetOf(action, target, 'lifecycle');
  const endsMs = performance.now() + timeoutMs;
  try {
    await follow(host, { url, headers, endsMs });
  } catch (thrown) {
    if (!url.startsWith('https:') || !answeredInPlainText(thrown)) throw thrown;
    const bare = Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization');
    await follow(host, { url: url.replace(/^https:/, 'http:'), headers: Object.fromEntries(bare), endsMs });
  }
}

async function follow(
  host: Pick<Host, 'request'>,
  asking: { readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly endsMs: number },
): Promise<void> {
  const { headers, endsMs } = asking;
  let url = asking.url;
  for (let redirects = 0; redirects < maxRedirects; redirects++) {
    const timeoutMs = Math.max(1, Math.ceil(endsMs - performance.now()));
    const next = redirectOf(await host.request(url, { headers, timeoutMs, ca: false, maxBytes }), url);
    if (next === undefined) return;
    url = next;
  }
  throw new Error(`stopped after ${maxRedirects} redirects`);
}

function redirectOf({ status, headers }: HttpResponse, from: string): string | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || headers.location === undefined) return undefined;
  return URL.parse(headers.location, from)?.href;
}

/** What OpenSSL says when `HTTP/1.1 …` comes where a TLS record should. */
function answeredInPlainText(thrown: unknown): boolean {
  return hasCode(
    thrown,
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_SSL_PACKET_LENGTH_TOO_LONG',
    'ERR_SSL_HTTP_REQUEST',
    'EPROTO',
  );
}
