import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import * as net from 'node:net';
import { networkInterfaces } from 'node:os';
import { hasCode } from '../base/errors.ts';
import { grpcCall } from './grpc-call.ts';
import type { HostNetwork } from './host.ts';
import { listeners } from './listeners.ts';
import { request, requestStream } from './request.ts';

/** The network by node:net, node:http(s), node:dns and /proc/net. */
export const nodeNetwork: HostNetwork = {
  request,
  requestStream,
  grpcCall,
  connectTcp: (host, port, timeoutMs) =>
    new Promise((resolve, reject) => {
      const socket = net.connect({ host, port, timeout: timeoutMs });
      socket.on('connect', () => {
        socket.destroy();
        resolve();
      });
      socket.on('timeout', () => socket.destroy(new Error(`no connection to ${host}:${port} within ${timeoutMs} ms`)));
      socket.on('error', reject);
    }),
  tryListen: (address, port) =>
    new Promise((resolve) => {
      const server = net.createServer();
      server.on('error', (thrown) => resolve('code' in thrown ? String(thrown.code) : thrown.message));
      server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve(undefined)));
    }),
  listeners,
  addresses: () =>
    Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses
        .filter(({ address }) => !address.toLowerCase().startsWith('fe80:') && !address.startsWith('169.254.'))
        .map(({ address, family, internal }) => ({
          name,
          address,
          family: family === 'IPv4' ? (4 as const) : (6 as const),
          loopback: internal,
        })),
    ),
  defaultInterface,
  resolve: async (name) => {
    try {
      return (await lookup(name, { all: true })).map(({ address }) => address);
    } catch {
      return [];
    }
  },
};

async function defaultInterface(family: 4 | 6): Promise<string | undefined> {
  const rows = await procRows(family === 4 ? '/proc/net/route' : '/proc/net/ipv6_route');
  if (family === 4) {
    // Iface Destination Gateway Flags RefCnt Use Metric Mask …; RTF_GATEWAY is 2, RTF_UP 1.
    const routes = rows.filter(([, destination, , flags]) => destination === '00000000' && Number(`0x${flags}`) & 1);
    return routes.sort((a, b) => Number(a[6]) - Number(b[6]))[0]?.[0];
  }
  const everything = '0'.repeat(32);
  const routes = rows.filter((row) => row[0] === everything && row[1] === '00' && row[9] !== 'lo');
  return routes.sort((a, b) => Number(`0x${a[5]}`) - Number(`0x${b[5]}`))[0]?.[9];
}

async function procRows(path: string): Promise<string[][]> {
  try {
    return (await readFile(path, 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  } catch (thrown) {
    if (hasCode(thrown, 'ENOENT')) return [];
    throw thrown;
  }
}
