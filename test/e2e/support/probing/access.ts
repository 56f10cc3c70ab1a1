import { readFileSync } from 'node:fs';
import * as https from 'node:https';
import { parseKubeconfig } from '../../../../src/kubeconfig/kubeconfig.ts';
import type { ProbeOptions } from './report.ts';
import { kindOf } from './tally.ts';

/** Where the API server is, and as whom it is asked. */
export type Access = {
  readonly server: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
};

export function readAccess({ kubeconfig, server }: ProbeOptions): Access {
  const found = parseKubeconfig(readFileSync(kubeconfig, 'utf8'), kubeconfig);
  const { ca, clientCertificate: cert, clientKey: key } = found;
  if (ca === undefined || cert === undefined || key === undefined) throw new Error(`${kubeconfig} has no credentials`);
  return { server: server ?? found.server, ca, cert, key };
}

export type Answer = { readonly status: number; readonly text: string };

const answerWithinMs = 15_000;

/** One GET over HTTP/1.1, on a connection of its own without an agent. */
export function get(access: Access, path: string, agent: https.Agent | false): Promise<Answer> {
  const { server, ca, cert, key } = access;
  return new Promise((resolve, reject) => {
    const request = https.get(
      server + path,
      { ca, cert, key, agent, headers: { accept: 'application/json' } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
        response.on('error', reject);
      },
    );
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), answerWithinMs);
    request.on('error', (thrown) => {
      clearTimeout(timer);
      // What Go's transport does (net/http shouldRetryRequest): a GET on a used connection that closes is sent again.
      if (request.reusedSocket && ['eof', 'reset'].includes(kindOf(thrown))) resolve(get(access, path, agent));
      else reject(thrown);
    });
  });
}
