import { rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** One request to the engine: when its first byte came, in `performance.now()` milliseconds, and its first line. */
export type Call = { readonly atMs: number; readonly line: string };

/** A unix socket that passes everything on to the engine's and notes when each request came. */
export class EngineTap {
  readonly calls: Call[] = [];
  readonly path: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(path: string, enginePath: string) {
    this.path = path;
    this.#server = createServer((client) => {
      const engine = createConnection(enginePath);
      for (const socket of [client, engine]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => this.#sockets.delete(socket));
      }
      client.on('data', (chunk: Buffer) => this.#note(chunk));
      client.pipe(engine).pipe(client);
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(this.path, () => resolve()));
  }

  /** The first call since then that the pattern fits, a request that asks for nothing but hints left out. */
  since(atMs: number, pattern = /./): Call | undefined {
    return this.calls.find((call) => call.atMs >= atMs && pattern.test(call.line));
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    rmSync(this.path, { force: true });
  }

  #note(chunk: Buffer): void {
    const line = chunk.subarray(0, 8192).toString('latin1').split('\r\n', 1)[0] ?? '';
    if (/^[A-Z]+ \/\S* HTTP/.test(line)) this.calls.push({ atMs: performance.now(), line });
  }
}
