import { ask } from './ask.ts';
import { files } from './files.ts';
import { Program } from './programs.ts';
import { type Door, type EtcdDouble, startDoor, startEtcdDouble, startWebServer, type WebServer } from './servers.ts';
import { newKey, Workshop } from './workshop.ts';

const here = { commonName: 'here', sans: ['127.0.0.1'] };

/**
 * Every program with all of its files: two etcds (by flags, by --config-file), two API servers (what excludes each other),
 * two controller managers and two schedulers, with servers around them that note who asks.
 */
export type World = {
  readonly shop: Workshop;
  readonly ports: Ports;
  /** Serves with a certificate of the first authority; `otherWeb` with one of the second. */
  readonly web: WebServer;
  readonly otherWeb: WebServer;
  readonly events: EtcdDouble;
  readonly templates: EtcdDouble;
  readonly doors: Readonly<Record<DoorName, Door>>;
  readonly accountKeys: readonly ReturnType<typeof newKey>[];
  readonly programs: readonly Program[];
  stop(): Promise<void>;
};

const doorNames = [
  ...['egress', 'tracing'],
  ...['manager', 'managerAuthentication', 'managerAuthorization'],
  ...['scheduler', 'schedulerAuthentication', 'schedulerAuthorization'],
] as const;
export type DoorName = 'egress' | 'tracing' | `${'manager' | 'scheduler'}${'' | 'Authentication' | 'Authorization'}`;

const portNames = ['etcd', 'etcdPeer', 'etcd2', 'etcd2Peer', 'metrics', 'moreMetrics', 'api', 'otherApi'] as const;
const clientPortNames = ['manager', 'otherManager', 'scheduler', 'otherScheduler'] as const;
export type Ports = Readonly<Record<(typeof portNames)[number] | (typeof clientPortNames)[number], number>>;

export async function startWorld(): Promise<World> {
  const shop = new Workshop();
  const base = 31_200 + (process.pid % 60) * 20;
  const ports = Object.fromEntries([...portNames, ...clientPortNames].map((name, i) => [name, base + i])) as Ports;
  const [web, otherWeb, events, templates] = await Promise.all([
    startWebServer(shop.leaf(shop.ca, here)),
    startWebServer(shop.leaf(shop.otherCa, here)),
    startEtcdDouble(shop.leaf(shop.ca, here)),
    startEtcdDouble(shop.leaf(shop.ca, here)),
  ]);
  const opened = doorNames.map(async (name) => {
    if (name === 'egress') return [name, await startDoor({ path: shop.path('egress.sock') })] as const;
    return [name, await startDoor(name === 'tracing' ? {} : { target: ports.api })] as const;
  });
  const doors = Object.fromEntries(await Promise.all(opened)) as World['doors'];
  const accountKeys = [newKey(), newKey()];
  const programs: Program[] = [];
  const servers = [web, otherWeb, events, templates, ...Object.values(doors)];
  const world: World = {
    ...{ shop, ports, web, otherWeb, events, templates, doors, accountKeys, programs },
    stop: async () => {
      // The API servers first: without their etcd they end slowly.
      for (const program of programs.toReversed()) await program.stop();
      for (const server of servers) server.close();
      shop.destroy();
    },
  };
  for (const [name, flags, log] of files(world)) programs.push(new Program(name, flags, shop.path(`${log}.log`)));
  return world;
}

const startWithinMs = 60_000;

/** Starts all of them, and waits until each answers. */
export async function startPrograms({ programs, ports, shop }: World): Promise<void> {
  const answers = async (port: number, path: string) => {
    const deadline = performance.now() + startWithinMs;
    for (;;) {
      for (const program of started) program.assertRuns();
      const { status, text } = await ask({ port, path, as: shop.admin });
      if (status === 200) return;
      if (performance.now() > deadline) throw new Error(`${path} of ${port}: ${status} ${text}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const started: Program[] = [];
  const start = (names: readonly string[]) => {
    for (const program of programs.filter(({ name }) => names.includes(name))) {
      program.start();
      started.push(program);
    }
  };
  start(['etcd', 'kube-apiserver']);
  // The others give up after ten seconds without a healthy API server.
  await Promise.all([ports.api, ports.otherApi].map((port) => answers(port, '/healthz')));
  await Promise.all([ports.api, ports.otherApi].map((port) => answers(port, '/api/v1/namespaces/default')));
  start(['kube-controller-manager', 'kube-scheduler']);
  const clients = [ports.manager, ports.otherManager, ports.scheduler, ports.otherScheduler];
  await Promise.all(clients.map((port) => answers(port, '/metrics')));
}
