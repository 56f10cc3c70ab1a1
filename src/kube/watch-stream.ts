import type { HostNetwork, HttpRequest } from '../host/host.ts';
import type { WatchEvent } from './client.ts';

/** What a stream of events is about; `request` says as whom to ask. */
type Watched = {
  readonly url: string;
  readonly request: HttpRequest;
  readonly resourceVersion: string;
  readonly timeoutSeconds?: number;
};

/** Makes the error of an answer that is none of success. */
type Refused = (status: number, text: string, headers?: Readonly<Record<string, string>>) => Error;

const keptOpenSeconds = 300;
/** A server that went without a word is given up this long after it should have ended the stream. */
const lateMs = 30_000;
const connectTimeoutMs = 10_000;
/** An object has at most 1.5 MiB in etcd; a longer line is no event. */
const longestLine = 8 * 1024 * 1024;

/**
 * The events of one watch request, as they come, until the server ends it. An ERROR event (410, Gone) is thrown as
 * `refused` makes it; a stream that breaks is an error of the network.
 */
export async function* followWatch<T>(
  network: Pick<HostNetwork, 'requestStream'>,
  watched: Watched,
  refused: Refused,
): AsyncGenerator<WatchEvent<T>> {
  const timeoutSeconds = watched.timeoutSeconds ?? keptOpenSeconds;
  const { status, headers, body } = await network.requestStream(watchUrl(watched, timeoutSeconds), {
    ...watched.request,
    connectTimeoutMs,
    timeoutMs: timeoutSeconds * 1000 + lateMs,
  });
  if (status >= 300) throw refused(status, await wholeText(body), headers);
  for await (const line of linesOf(body)) {
    const event = JSON.parse(line) as WatchEvent<T> | { readonly type: 'ERROR'; readonly object: { code?: number } };
    if (event.type === 'ERROR') throw refused(event.object.code ?? 500, JSON.stringify(event.object));
    yield event as WatchEvent<T>;
  }
}

function watchUrl({ url, resourceVersion }: Watched, timeoutSeconds: number): string {
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(timeoutSeconds),
  });
  return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}

async function wholeText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const part of body) {
    const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine) throw new Error('the API server sent a line without an end');
    for (const line of lines) if (line.trim() !== '') yield line;
  }
}
