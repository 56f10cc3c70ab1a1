import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A proxy before a registry that holds every request for an image back until it is released; `asked` counts them. */
export async function holdRegistry(upstream: string) {
  let held = true;
  const waiting: (() => void)[] = [];
  let asked = 0;
  const server = createServer((incoming, outgoing) => {
    const pass = () => {
      const [host, port] = upstream.split(':');
      const { method, url: path, headers } = incoming;
      const forwarded = request({ host, port, method, path, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      forwarded.on('error', () => outgoing.destroy());
      incoming.pipe(forwarded);
    };
    if (incoming.url === '/v2/') return outgoing.end('{}');
    if (!held) return pass();
    asked += 1;
    waiting.push(pass);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    release: () => {
      held = false;
      for (const pass of waiting.splice(0)) pass();
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
