import { silentLog } from '../../src/base/log.ts';
import type { ItemReport } from '../../src/base/report.ts';
import { pathsOf } from '../../src/config/paths.ts';
import type { Config } from '../../src/config/types.ts';
import type { Host } from '../../src/host/host.ts';
import type { RecordEntry } from '../../src/host/recording-host.ts';
import type { AgentPod, AgentStatus } from '../../src/kube/agent-socket.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { dryRunKubeClient } from '../../src/kube/dry-run-client.ts';
import type { ContainerStatus } from '../../src/kube/types.ts';
import type { AgentDoor, InitContext } from '../../src/phases/context.ts';
import { aConfig } from './builders.ts';
import { FakeClock } from './fake-clock.ts';
import { aMachine, MemoryHost } from './memory-host.ts';

/** A whole `Host` of plain members: files in memory, a fixed machine, and nobody who listens or answers. */
/** A pid that no process has. */
export const deadPid = 4712;

export function aHost(files: MemoryHost = new MemoryHost(), change: Partial<Host> = {}): Host {
  const names = Object.getOwnPropertyNames(MemoryHost.prototype) as (keyof MemoryHost)[];
  const bound = Object.fromEntries(
    names.map((name) => {
      const value: unknown = files[name];
      return [name, typeof value === 'function' ? value.bind(files) : value];
    }),
  );
  const nobody = async () => {
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  };
  return {
    ...(bound as unknown as Host),
    ...aMachine(),
    run: async () => ({ code: 0, stdout: '', stderr: '' }),
    spawnDetached: async () => 4711,
    kill: () => false,
    killTree: async () => {},
    identify: async (pid) => (pid === deadPid ? undefined : { pid, startTicks: '1' }),
    findProgram: async () => undefined,
    request: nobody,
    requestStream: nobody,
    grpcCall: nobody,
    connectTcp: async () => {},
    tryListen: async () => undefined,
    listeners: async () => [],
    addresses: () => [{ name: 'eth0', address: '192.0.2.10', family: 4, loopback: false }],
    defaultInterface: async () => undefined,
    resolve: async () => ['192.0.2.10'],
    ...change,
  };
}

export type TestContext = InitContext & {
  readonly clock: FakeClock;
  readonly items: ItemReport[];
  readonly said: string[];
  readonly waits: string[];
};

/** What the phases get, every door a fake that finds all well; a test states the difference. */
export function anInitContext(change: Partial<InitContext> & { readonly config?: Config } = {}): TestContext {
  const items: ItemReport[] = [];
  const said: string[] = [];
  const waits: string[] = [];
  const made: RecordEntry[] = [];
  return {
    config: aConfig(),
    paths: pathsOf('/'),
    host: aHost(),
    report: {
      item: (item) => items.push(item),
      info: (message) => said.push(message),
      warn: (message) => said.push(`warning: ${message}`),
      waiting: (what) => waits.push(what),
      file() {},
    },
    log: silentLog,
    signal: new AbortController().signal,
    dryRun: false,
    ignoredChecks: new Set(),
    waitTimeoutMs: 240_000,
    joining: {
      uploadCerts: false,
      certificateKey: '00'.repeat(32),
      skipTokenPrint: false,
      skipCertificateKeyPrint: false,
    },
    made: {
      add: async (entries) => {
        made.push(...entries);
      },
      all: async () => made,
    },
    whyNotWritable: async () => undefined,
    syncLatencies: async () => [0.5],
    agent: anAgentDoor(),
    runtimeType: async () => ({ type: 'process', endpoint: undefined }),
    runtime: async () => {
      throw new Error('no runtime in this test');
    },
    kube: async () => aKubeClient(),
    lastLogLines: async () => [],
    obtainImage: async () => {},
    ...change,
    clock: (change.clock as FakeClock | undefined) ?? new FakeClock(),
    items,
    said,
    waits,
  };
}

/** No agent runs, and nothing that is asked of it happens. */
export function anAgentDoor(change: Partial<AgentDoor> = {}): AgentDoor {
  return {
    status: async () => undefined,
    pid: async () => undefined,
    configuration: async () => undefined,
    configure: async () => {},
    start: async () => 'pid 4711',
    stop: async () => false,
    retire: async () => [],
    lastWords: async () => ({ where: '/var/lib/bootstrap/agent.log', lines: [] }),
    look: async () => {},
    ...change,
  };
}

/** A cluster in memory that allows everything. */
export function aKubeClient(change: Partial<KubeClient> = {}): KubeClient {
  return { ...dryRunKubeClient('https://192.0.2.10:6443', () => {}), ...change };
}

export function anAgentStatus(pods: readonly AgentPod[], change: Partial<AgentStatus> = {}): AgentStatus {
  return {
    pid: 4711,
    version: 'v1.37.2',
    startedAt: '2026-01-01T00:00:00Z',
    nodeName: 'node1',
    runtime: { type: 'process', name: 'process', version: 'v1' },
    pods,
    rejected: [],
    ...change,
  };
}

/** A static pod of a component with its one container in this state. */
export function aComponentPod(
  component: string,
  container: Partial<ContainerStatus> = {},
  change: Partial<AgentPod> = {},
): AgentPod {
  const status: ContainerStatus = {
    name: component,
    state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
    lastState: {},
    ready: true,
    started: true,
    restartCount: 0,
    image: '',
    imageID: '',
    ...container,
  };
  const ready = status.ready ? ('True' as const) : ('False' as const);
  return {
    file: `/etc/kubernetes/manifests/${component}.yaml`,
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${component}-node1`, namespace: 'kube-system', uid: 'a1', labels: { component } },
      spec: {
        containers: [
          {
            name: component,
            image: '',
            resources: {},
            terminationMessagePath: '',
            terminationMessagePolicy: 'File',
            imagePullPolicy: 'IfNotPresent',
          },
        ],
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        securityContext: {},
        enableServiceLinks: true,
        schedulerName: 'default-scheduler',
      },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: ready }],
        startTime: '2026-01-01T00:00:00Z',
        containerStatuses: [status],
      },
    },
    ...change,
  };
}

/** A manifest with these flags, as far as the phases read it. */
export function aManifest(component: string, flags: Readonly<Record<string, string>>): string {
  const command = [component, ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)];
  return JSON.stringify({ apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: component, command }] } });
}
