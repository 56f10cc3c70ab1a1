import { rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** Stands between an agent and an engine, and can take the line away or make it slow. */
export class SocketProxy {
  readonly path: string;
  readonly #target: string;
  readonly #open = new Set<Socket>();
  #server: Server | undefined;
  /** How much later everything arrives. */
  delayMs = 0;

  constructor(path: string, target: string) {
    this.path = path;
    this.#target = target;
  }

  async listen(): Promise<void> {
    rmSync(this.path, { force: true });
    const server = createServer({ allowHalfOpen: true }, (near) => this.#join(near));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.path, resolve));
  }

  /** Every connection breaks, and no new one is made until `listen`. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #join(near: Socket): void {
    const far = createConnection({ path: this.#target, allowHalfOpen: true });
    for (const [from, to] of [[near, far] as const, [far, near] as const]) {
      this.#open.add(from);
      from.on('data', (data) => this.#later(() => to.write(data)));
      from.on('end', () => this.#later(() => to.end()));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#open.delete(from);
        this.#later(() => to.destroy());
      });
    }
  }

  #later(action: () => void): void {
    if (this.delayMs === 0) action();
    else setTimeout(action, this.delayMs);
  }
}
