import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type JournalEntry, journalFile } from '../../../src/rollout/journal/journal.ts';
import type { Revision } from '../../../src/rollout/revisions/revision.ts';
import { eventually, expectCode, type Ran, type run } from './command.ts';
import type { RuntimeUnderTest } from './engine.ts';
import { Plane } from './plane.ts';
import { argumentsOf, processesOf } from './processes.ts';

export const componentNames = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
export type Component = (typeof componentNames)[number];

/** Where extraArgs of a component are in a ClusterConfiguration. */
const sections: Readonly<Record<Component, readonly [string, string]>> = {
  etcd: ['etcd:\n  local:\n    extraArgs:\n', '    '],
  'kube-apiserver': ['apiServer:\n  extraArgs:\n', '  '],
  'kube-controller-manager': ['controllerManager:\n  extraArgs:\n', '  '],
  'kube-scheduler': ['scheduler:\n  extraArgs:\n', '  '],
};

export type Flags = Readonly<Partial<Record<Component, Readonly<Record<string, string | number>>>>>;

/** The part of a ClusterConfiguration that gives these flags to these components. */
export function extraArgs(flags: Flags): string {
  return Object.entries(flags)
    .map(([component, values]) => {
      const [head, indent] = sections[component as Component];
      const items = Object.entries(values).map(([name, value]) => `${indent}- {name: ${name}, value: "${value}"}\n`);
      return head + items.join('');
    })
    .join('');
}

/** A flag of each component that changes nothing but how much it logs or keeps, with a value of its own for each change. */
export const harmlessFlag: Readonly<Record<Component, string>> = {
  etcd: 'snapshot-count',
  'kube-apiserver': 'max-requests-inflight',
  'kube-controller-manager': 'concurrent-endpoint-syncs',
  'kube-scheduler': 'kube-api-burst',
};

/** A control plane whose configuration is changed again and again. */
export class RolloutPlane extends Plane {
  readonly #rollout: string;

  /** `rollout`: fields of BootstrapConfiguration.rollout; a short settling is usual here. */
  constructor(runtime: RuntimeUnderTest, rollout: Readonly<Record<string, string | number>> = {}) {
    const fields = Object.entries({ settle: '300ms', healthTimeout: '60s', ...rollout });
    const text = `rollout:\n${fields.map(([name, value]) => `  ${name}: ${value}\n`).join('')}`;
    super(runtime, { documents: text });
    this.#rollout = text;
  }

  /** Writes what the configuration is to be from now on. */
  configure(
    flags: Flags,
    more: { readonly init?: string; readonly cluster?: string; readonly documents?: string } = {},
  ): void {
    this.writeConfig({
      ...more,
      cluster: extraArgs(flags) + (more.cluster ?? ''),
      documents: this.#rollout + (more.documents ?? ''),
    });
  }

  apply(args: readonly string[] = [], options: Parameters<typeof run>[2] = {}): Promise<Ran> {
    return this.bootstrap(['apply', '--config', this.config, ...args], options);
  }

  /** The journal that is there now. */
  journal(): JournalEntry | undefined {
    const text = textOf(journalFile({ stateDir: this.path('var/lib/bootstrap') }));
    return text === undefined ? undefined : (JSON.parse(text) as JournalEntry);
  }

  revisions(): readonly Revision[] {
    const directory = this.path('var/lib/bootstrap/revisions');
    return readdirSync(directory)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => a - b)
      .map((number) => {
        const facts = JSON.parse(readFileSync(join(directory, String(number), 'revision.json'), 'utf8')) as Revision;
        return { ...facts, number };
      });
  }

  lastRevision(): Revision {
    const last = this.revisions().at(-1);
    assert.ok(last, 'there is a revision');
    return last;
  }

  manifests(): Readonly<Record<string, string>> {
    return Object.fromEntries(componentNames.map((name) => [name, readFileSync(this.manifest(name), 'utf8')]));
  }

  /** The value of a flag of the only process of a component; undefined when it is not given. */
  runningFlag(component: Component, name: string): string | undefined {
    const [pid, ...others] = processesOf(this.root, component);
    assert.ok(pid !== undefined && others.length === 0, `one ${component}, not ${others.length + (pid ? 1 : 0)}`);
    const prefix = `--${name}=`;
    return argumentsOf(pid)
      .findLast((argument) => argument.startsWith(prefix))
      ?.slice(prefix.length);
  }

  /** Pids of the four components, by name: they change when a component is started anew. */
  pids(): Readonly<Record<string, string>> {
    return Object.fromEntries(componentNames.map((name) => [name, processesOf(this.root, name).join()]));
  }

  /** Waits until nothing is half: one healthy instance each, as on disk, as in a revision, and nothing left over. */
  async settled(timeoutMs = 60_000): Promise<void> {
    await eventually('the control plane is exactly one revision, and healthy', () => this.#check(), timeoutMs);
  }

  async #check(): Promise<true> {
    assert.equal(this.journal(), undefined);
    const revisions = this.revisions();
    assert.ok(revisions.every(({ result }) => result !== 'unfinished'));
    const current = revisions.findLast(({ result }) => result !== 'rolled-back');
    for (const component of componentNames) {
      const kept = this.path(`var/lib/bootstrap/revisions/${current?.number}/manifests/${component}.yaml`);
      const text = readFileSync(this.manifest(component), 'utf8');
      assert.equal(text, readFileSync(kept, 'utf8'), `${component} is as revision ${current?.number} says`);
      this.#checkProcess(component, text);
    }
    assert.deepEqual(this.leftovers(), []);
    assert.equal((await this.status()).ready, true);
    expectCode(await this.kubectl(['get', '--raw', '/readyz']), 0);
    if (this.runtime !== 'process') {
      const running = (await this.inEngine()).filter(({ state }) => state === 'running');
      assert.equal(running.length, 8, 'four sandboxes and four containers');
    }
    return true;
  }

  #checkProcess(component: Component, manifest: string): void {
    const [pid, ...others] = processesOf(this.root, component);
    assert.ok(pid !== undefined && others.length === 0, `one ${component} runs`);
    for (const flag of argumentsOf(pid).slice(1)) {
      assert.ok(manifest.includes(`- ${flag}\n`) || manifest.includes(flag), `${component} runs with ${flag}`);
    }
    const written = manifest.match(/^ +- ["']?--.*$/gm)?.length;
    assert.equal(argumentsOf(pid).length - 1, written, `${component} runs with the flags of its manifest`);
  }

  /** What no finished rollout leaves: temporary files of dead programs, scratch directories, strangers' processes. */
  leftovers(): readonly string[] {
    const files = (readdirSync(this.root, { recursive: true }) as string[]).filter((path) => {
      if (path.startsWith('var/lib/etcd') || path.startsWith('kubectl-cache')) return false;
      // What an agent was writing in the directory of a pod or container when it died goes with that directory.
      if (/^var\/lib\/(kubelet\/pods|bootstrap\/containers)\//.test(path)) return false;
      // The latter stands for a setting of the kernel that is still to be put back.
      if (['claims.json', 'tcp-migrate-req'].some((name) => path === `var/lib/bootstrap/${name}`)) return true;
      if (/(^|\/)(canary|scratch)[^/]*$/.test(path) && !path.startsWith('scratch-')) return true;
      const pid = /^\..+\.(\d+)\.\d+\.tmp$/.exec(basename(path))?.[1];
      return pid !== undefined && !existsSync(`/proc/${pid}`);
    });
    return [...files, ...this.strangers()];
  }

  /** Command lines that name this root and are neither the agent, the components nor their helpers. */
  strangers(): readonly string[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map((pid) => argumentsOf(Number(pid)))
      .filter((words) => words.some((word) => word.includes(this.root)))
      .filter(([program = '']) => !componentNames.some((name) => name === basename(program)))
      .map((words) => words.join(' '))
      .filter((line) => !isUsual(line));
  }
}

/** The agent, and the helper that holds a process container. */
function isUsual(line: string): boolean {
  return (
    / agent /.test(line) ||
    /^(\S*\/)?(sh|setsid|setpriv) /.test(line) ||
    line.includes('docker-proxy') ||
    line.includes('containerd-shim')
  );
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A line of `-o ndjson`, as far as these tests read it. */
export type ToldEvent = {
  readonly event: string;
  readonly step?: string;
  readonly state?: string;
  readonly component?: string;
  readonly durationMs?: number;
  readonly detail?: string;
};

/** What a command with `-o ndjson` told. */
export function eventsOf({ stdout }: Ran): readonly ToldEvent[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ToldEvent);
}
