import { silentLog } from '../../src/base/log.ts';
import { pathsOf } from '../../src/config/paths.ts';
import type { Pod } from '../../src/kube/types.ts';
import type { ComponentSwap, RolloutContext } from '../../src/rollout/apply/context.ts';
import { aContainer, aPod } from './agent-builders.ts';
import { aComponentPod, anAgentStatus } from './init-context.ts';
import { HastyClock } from './rollout-world.ts';

const port = 6443;
const setting = '/proc/sys/net/ipv4/tcp_migrate_req';
const file = '/etc/kubernetes/manifests/kube-apiserver.yaml';

function anApiServer(...flags: readonly string[]): Pod {
  return aPod({ containers: [aContainer({ command: ['kube-apiserver', '--permit-port-sharing=true', ...flags] })] });
}

/** A machine with one API server, which notes in order what a change over does to it. */
export class ChangeOverMachine {
  readonly events: string[] = [];
  readonly said: string[] = [];
  /** Through which addresses an API server was asked. */
  readonly asked = new Set<string | undefined>();
  perl: string | undefined = '/usr/bin/perl';
  /** What the kernel says to a socket option; empty: it takes it. */
  refusesSteering = '';
  refusesOverlap = false;
  wanted: 'overlap' | 'recreate' = 'overlap';
  #listening: readonly number[] = [10];
  #oldRuns = true;
  #migrates = '0';

  readonly context: RolloutContext = this.#context();

  swap(gate: () => Promise<void> = async () => {}): ComponentSwap {
    return {
      component: 'kube-apiserver',
      manifest: { component: 'kube-apiserver', file, text: '', pod: anApiServer('--v=2'), warnings: [] },
      swap: async () => {
        this.events.push('swap');
        this.#listening = this.events.includes('overlap') ? [10, 20] : [20];
      },
      gate: async ({ server } = {}) => {
        this.events.push(`gate ${server ?? ''}`.trim());
        await gate();
      },
    };
  }

  #context(): RolloutContext {
    const host = {
      uid: 0,
      listeners: async () => this.#listening.map(() => ({ address: '::', port, pid: 7, program: 'kube-apiserver' })),
      addresses: () => [{ name: 'lo', address: '::1', family: 6, loopback: true }],
      findProgram: async (name: string) => (name === 'perl' ? this.perl : `/usr/sbin/${name}`),
      identify: async (pid: number) => (this.#oldRuns ? { pid, startTicks: '1' } : undefined),
      list: async () => ['3'],
      readLink: async () => 'socket:[11]',
      readText: async (path: string) => this.#read(path),
      makeDirectory: async () => {},
      writeFile: async () => {},
      remove: async () => {},
      run: async (command: string, args: readonly string[], options?: { readonly input?: string }) =>
        this.#run(command, args, options?.input ?? ''),
    };
    const say = (text: string) => this.said.push(text);
    const running = { ...aComponentPod('kube-apiserver'), pod: anApiServer() };
    const machine = this;
    return {
      ...{ host, log: silentLog, clock: new HastyClock(), signal: new AbortController().signal, paths: pathsOf('/') },
      get config() {
        return { bootstrap: { rollout: { apiServer: machine.wanted, healthTimeoutMs: 8_000 } } };
      },
      report: { item: () => {}, waiting: () => {}, info: say, warn: say, file: () => {} },
      kube: async (_kubeconfig: string, access: { readonly server?: string } = {}) => ({
        raw: async () => {
          machine.asked.add(access.server);
          return { status: 200, text: 'ok' };
        },
        get: async () => undefined,
      }),
      agent: {
        status: async () => anAgentStatus([{ ...running, file }]),
        revive: async () => false,
        overlap: async () => this.#overlap(),
        stopOld: async () => this.#stopOld(),
      },
    } as unknown as RolloutContext;
  }

  async #overlap(): Promise<void> {
    if (this.refusesOverlap) throw new Error('404');
    this.events.push('overlap');
  }

  async #stopOld(): Promise<void> {
    this.events.push('stop the old one');
    this.#oldRuns = false;
    this.#listening = [20];
  }

  #read(path: string): string | undefined {
    const zeros = `00000000:00000000 00:00000000 00000000 0 0`;
    const any = '0'.repeat(32);
    const peer = `${'0'.repeat(16)}FFFF00000900000A`;
    const rows = [
      ...this.#listening.map((inode) => ` 0: ${any}:192B ${any}:0000 0A ${zeros} ${inode}`),
      ` 1: ${peer}:192B ${peer}:D431 01 ${zeros} 11`,
    ];
    const texts: Readonly<Record<string, string>> = {
      '/proc/net/tcp6': `header\n${rows.join('\n')}\n`,
      '/proc/meminfo': 'MemAvailable:  8000000 kB\n',
      '/proc/self/status': 'CapEff:\t000001ffffffffff\n',
      '/proc/7/status': 'Uid:\t0\t0\t0\t0\nVmRSS:\t  290000 kB\n',
      [setting]: `${this.#migrates}\n`,
    };
    return texts[path];
  }

  #run(command: string, args: readonly string[], input: string) {
    if (command === 'sh') {
      this.#migrates = /printf (\d)/.exec(args[1] ?? '')?.[1] ?? '';
      this.events.push(`migrate ${this.#migrates}`);
    } else if (command.endsWith('nft')) this.events.push(input.includes('drop') ? 'freeze' : 'thaw');
    else if (this.refusesSteering !== '') return { code: 1, stdout: '', stderr: `${this.refusesSteering}\n` };
    else this.events.push(steeringText(args.at(-1) ?? ''));
    return { code: 0, stdout: '', stderr: '' };
  }
}

/** The last two instructions give the place of private connections, and that of all others. */
function steeringText(program: string): string {
  if (program === '') return 'steer as the kernel likes';
  const places = Buffer.from(program, 'hex');
  const names = ['old', 'new'];
  const [privately, others] = [places.at(-12), places.at(-4)];
  return `steer private to ${names[privately ?? 9]}, others to ${names[others ?? 9]}`;
}
