import { join } from 'node:path';
import { OperationError } from '../../base/errors.ts';
import type { Host } from '../../host/host.ts';
import type { ComponentName } from '../../manifests/component.ts';

/** The loopback ports of canaries. */
export type ScratchPorts = {
  readonly etcdClient: number;
  readonly etcdHttp: number;
  readonly etcdPeer: number;
  readonly etcdMetrics: number;
  readonly apiServer: number;
  readonly controllerManager: number;
  readonly scheduler: number;
  /** Nobody listens there. */
  readonly closed: number;
};

/** Where canaries listen and write instead of where the components do. */
export type Scratch = {
  readonly directory: string;
  readonly ports: ScratchPorts;
  /** Addresses of this machine. */
  readonly addresses: readonly string[];
  /** Files that stand in for others, by the path that the component is told. */
  readonly files: ReadonlyMap<string, string>;
  /** Whether the canaries' etcd speaks TLS; with an external etcd there is no certificate for it. */
  readonly etcdScheme: 'http' | 'https';
};

/** What one component may write to. */
export function scratchOf({ directory }: Pick<Scratch, 'directory'>, component: ComponentName): string {
  return join(directory, component);
}

/** Where clients of the canaries' API server reach it. */
export function scratchServer({ ports }: Pick<Scratch, 'ports'>): string {
  return `https://127.0.0.1:${ports.apiServer}`;
}

const firstPort = 20_000;
const portCount = 12_000;
const mostAttempts = 200;

/** Ports that nobody listens on now, below the ephemeral ones, which any connection may hold. */
export async function freePorts(host: Pick<Host, 'tryListen' | 'randomBytes'>): Promise<ScratchPorts> {
  const found = new Set<number>();
  const next = async (): Promise<number> => {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const [high = 0, low = 0] = host.randomBytes(2);
      const port = firstPort + ((high * 256 + low) % portCount);
      if (found.has(port) || (await host.tryListen('127.0.0.1', port)) !== undefined) continue;
      found.add(port);
      return port;
    }
    throw new OperationError('no free port on the loopback was found for the canaries', {
      hint: 'try again, or leave them out with --skip-canary',
    });
  };
  return {
    etcdClient: await next(),
    etcdHttp: await next(),
    etcdPeer: await next(),
    etcdMetrics: await next(),
    apiServer: await next(),
    controllerManager: await next(),
    scheduler: await next(),
    closed: await next(),
  };
}
