import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { systemClock } from '../../src/base/clock.ts';
import type { CommandIo } from '../../src/base/command-io.ts';
import { servePortForward } from '../../src/streaming/port-forward.ts';
import { serveRemoteCommand } from '../../src/streaming/remote-command.ts';
import type { Upgraded } from '../../src/streaming/upgraded.ts';

type Serve = (upgraded: Upgraded) => Promise<void>;

/** A runtime's streaming server on a port of its own: what is made ready may be had at a URL. */
export class StreamingServer {
  readonly #ready = new Map<string, Serve>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  async start(): Promise<this> {
    const server = createServer((_request, response) => void response.writeHead(404).end('no such stream\n'));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('upgrade', (request, socket, head) => {
      const serve = this.#ready.get(request.url ?? '');
      if (serve === undefined) return void socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno\n');
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      void serve({ method: request.method ?? '', headers, socket, head });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    return this;
  }

  /** What has nothing ready, too. */
  url(path: string): string {
    const at = this.#server?.address() as AddressInfo;
    return `http://127.0.0.1:${at.port}${path}`;
  }

  command(wanted: Parameters<typeof serveRemoteCommand>[1], run: (io: CommandIo) => Promise<number>): string {
    return this.raw((upgraded) => serveRemoteCommand(upgraded, wanted, run, { clock: systemClock }));
  }

  forward(connect: (port: number) => Promise<Duplex>): string {
    return this.raw((upgraded) => servePortForward(upgraded, [], connect, { clock: systemClock }));
  }

  raw(serve: Serve): string {
    const path = `/stream/${this.#ready.size}`;
    this.#ready.set(path, serve);
    return this.url(path);
  }

  /** Ends all connections. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  stop(): void {
    this.cut();
    this.#server?.close();
  }
}
