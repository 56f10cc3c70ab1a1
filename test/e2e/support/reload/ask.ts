import * as https from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { Leaf } from './workshop.ts';

export type Question = {
  readonly port: number;
  readonly path: string;
  readonly method?: string;
  readonly body?: unknown;
  readonly as?: Leaf;
  readonly headers?: Readonly<Record<string, string>>;
  readonly serverName?: string;
};

export type Answer = { readonly status: number; readonly text: string; readonly serial: string };

/** One request on a connection of its own, nothing verified; `serial` is that of the server's certificate. Status 0: none. */
export function ask({
  port,
  path,
  method = 'GET',
  body,
  as,
  headers = {},
  serverName = '',
}: Question): Promise<Answer> {
  return new Promise((resolve) => {
    let serial = '';
    const none = (reason: unknown) => resolve({ status: 0, text: String(reason), serial });
    const request = https.request(
      {
        ...{ host: '127.0.0.1', port, path, method, agent: false, rejectUnauthorized: false, timeout: 5000 },
        servername: serverName,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(as === undefined || as.crt === '' ? {} : { cert: as.crt, key: as.key }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', none);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString(), serial }),
        );
      },
    );
    request.on('socket', (socket) =>
      socket.on('secureConnect', () => {
        serial = (socket as TLSSocket).getPeerCertificate().serialNumber;
      }),
    );
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', none);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
