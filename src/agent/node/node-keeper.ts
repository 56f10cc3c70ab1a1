import { backOff } from '../../base/back-off.ts';
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { Waker } from '../../base/waker.ts';
import { ApiStatusError, type KubeClient } from '../../kube/client.ts';
import type { Lease, Node, NodeStatus } from '../../kube/node-types.ts';
import { reflect } from '../../kube/reflector.ts';
import type { ApiState } from '../api/agent-api.ts';
import { explainApiProblem } from '../api/explain-problem.ts';
import { leasePath } from './lease.ts';
import { type NodeFacts, newNode, nodeStatus } from './node-object.ts';
import { planRegistration } from './plan-registration.ts';
import { planReport, statusPatch } from './plan-report.ts';

/** Facts of the machine as they are now; `images`: also look which images are there, which is not cheap everywhere. */
export type ReadNodeFacts = (about: {
  readonly kubeletVersion: string;
  readonly images: boolean;
}) => Promise<NodeFacts>;

export type NodeKeeperDoors = {
  readonly api: ApiState;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly registerNode: boolean;
  readonly readFacts: ReadNodeFacts;
};

/** nodeStatusUpdateFrequency and nodeStatusReportFrequency of the kubelet. */
const lookEveryMs = 10_000;
const reportEveryMs = 300_000;
/** How long the kubelet waits at most between two tries (pkg/kubelet/kubelet_node_status.go). */
const longestWaitMs = 7_000;
/** Whoever deletes the Node over and over is not answered faster than that. */
const createEveryMs = 5_000;

/**
 * Keeps the Node of this machine: registers it, again when it was deleted, and reports its status when that changes or
 * the last report gets old. Looks at the stored object by a watch, and never ends before the signal.
 */
export class NodeKeeper {
  readonly #doors: NodeKeeperDoors;
  readonly #waker = new Waker();
  readonly #wait: ReturnType<typeof backOff>;
  /** As last seen, whosever it is; `listed`: whether one was looked for. */
  #stored: Node | undefined;
  #listed = false;
  #failing = false;
  #version: { readonly client: KubeClient; readonly text: string } | undefined;
  #sent: { readonly status: NodeStatus; readonly atTicks: number } | undefined;
  #everyMs = reportEveryMs;
  #createdTicks: number | undefined;
  /** The Lease of another machine: what it said, and since when. */
  #lease: { readonly renewTime: string; readonly sinceTicks: number } | undefined;

  constructor(doors: NodeKeeperDoors) {
    this.#doors = doors;
    this.#wait = backOff({ firstMs: 200, maxMs: longestWaitMs, random: doors.random });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { api, clock, random } = this.#doors;
    const forget = api.onChange(() => {
      if (this.#failing || api.node() === undefined) this.#waker.wake();
    });
    const watching = reflect<Node>({
      source: api,
      path: `/api/v1/nodes?fieldSelector=${encodeURIComponent(`metadata.name=${api.nodeName}`)}`,
      ...{ clock, signal, random, longestWaitMs },
      onList: ([node]) => this.#seen(node),
      onEvent: ({ type, object }) => this.#seen(type === 'DELETED' ? undefined : object),
      onProblem: (_words, thrown) => this.#reached(thrown),
    });
    while (!signal.aborted) {
      const waitMs = await this.#turn();
      if (!signal.aborted) await this.#waker.sleep(clock, waitMs, signal);
    }
    forget();
    await watching;
  }

  #seen(node: Node | undefined): void {
    this.#listed = true;
    this.#stored = node;
    this.#waker.wake();
  }

  #reached(thrown: unknown): void {
    this.#say('watch', thrown);
    // Whoever answers now may be another release than before.
    if (thrown === undefined) this.#version = undefined;
  }

  /** Gives how long to wait for the next look; undefined: until there is news. */
  async #turn(): Promise<number | undefined> {
    const client = this.#doors.api.client();
    if (client === undefined || !this.#listed) {
      this.#doors.api.setNode(undefined);
      return undefined;
    }
    try {
      const waitMs = await this.#look(client);
      this.#failing = false;
      this.#wait.reset();
      return waitMs;
    } catch (thrown) {
      this.#failing = true;
      this.#say('node', thrown);
      const askedMs = thrown instanceof ApiStatusError ? (thrown.retryAfterMs ?? 0) : 0;
      return Math.max(this.#wait.next(), Math.min(askedMs, longestWaitMs));
    }
  }

  async #look(client: KubeClient): Promise<number> {
    const { api, clock, random, registerNode } = this.#doors;
    const due = this.#sent === undefined || clock.ticks() - this.#sent.atTicks >= this.#everyMs;
    const facts = await this.#doors.readFacts({ kubeletVersion: await this.#versionOf(client), images: due });
    const silentMs = await this.#silentMs(client);
    const plan = planRegistration({ existing: this.#stored, facts, registerNode, silentMs });
    if (plan.do === 'wait') return this.#standBack(plan.because);
    if (plan.do === 'create') {
      const tooEarlyMs = (this.#createdTicks ?? Number.NEGATIVE_INFINITY) + createEveryMs - clock.ticks();
      if (tooEarlyMs > 0) return this.#standBack(undefined, tooEarlyMs);
      await this.#create(client, facts);
    } else if (plan.do === 'patch') {
      this.#stored = await client.patch<Node>(`/api/v1/nodes/${api.nodeName}`, plan.change);
    }
    await this.#report(client, facts);
    this.#say('node', undefined);
    api.setNode(this.#stored);
    return lookEveryMs * (0.96 + 0.08 * random());
  }

  async #create(client: KubeClient, facts: NodeFacts): Promise<void> {
    const { clock, log } = this.#doors;
    const wanted = newNode(facts, clock.now());
    this.#createdTicks = clock.ticks();
    this.#stored = await client.createObject('/api/v1/nodes', wanted);
    this.#sent = { status: wanted.status ?? {}, atTicks: clock.ticks() };
    log.info(`registered as the node ${facts.name} at ${client.server}`);
  }

  async #report(client: KubeClient, facts: NodeFacts): Promise<void> {
    const { api, clock, log, random } = this.#doors;
    const stored = this.#stored;
    if (stored === undefined) return;
    const status = nodeStatus(facts, stored.status?.conditions ?? [], clock.now());
    const nowTicks = clock.ticks();
    const plan = planReport({ status, stored, sent: this.#sent, nowTicks, everyMs: this.#everyMs });
    if (plan.do === 'keep') return;
    this.#stored = await client.patch<Node>(`/api/v1/nodes/${api.nodeName}/status`, statusPatch(status), {
      type: 'strategic',
    });
    this.#sent = { status, atTicks: nowTicks };
    // Nodes that changed together do not report together from then on.
    this.#everyMs = plan.because === 'it changed' ? reportEveryMs * (0.5 + random()) : reportEveryMs;
    log.verbose(2, `node status reported: ${plan.because}`);
  }

  /** For how long nobody has renewed the Lease of the Node that is there, while we watched. */
  async #silentMs(client: KubeClient): Promise<number> {
    const { api, clock } = this.#doors;
    if (this.#stored === undefined || this.#sent !== undefined) return 0;
    const lease = await client.get<Lease>(leasePath(api.nodeName));
    const renewTime = lease?.spec?.renewTime ?? '';
    if (this.#lease?.renewTime !== renewTime) this.#lease = { renewTime, sinceTicks: clock.ticks() };
    return clock.ticks() - (this.#lease?.sinceTicks ?? clock.ticks());
  }

  /** The Node is not ours, or not there: nobody may take it for ours. */
  #standBack(problem: string | undefined, waitMs = lookEveryMs): number {
    const { api, log } = this.#doors;
    this.#sent = undefined;
    if (api.setProblem('node', problem) && problem !== undefined) log.warn(problem);
    api.setNode(undefined);
    return waitMs;
  }

  #say(speaker: 'watch' | 'node', thrown: unknown): void {
    const { api, log } = this.#doors;
    const problem = thrown === undefined ? undefined : explainApiProblem(thrown, api.client()?.server ?? '');
    const known = api.problem();
    if (!api.setProblem(speaker, problem)) return;
    if (problem === undefined) log.verbose(1, `the API server answers (${speaker})`);
    else if (problem !== known) log.warn(`${problem}; static pods go on without it`);
  }

  async #versionOf(client: KubeClient): Promise<string> {
    if (this.#version?.client === client) return this.#version.text;
    const { gitVersion = '' } = (await client.get<{ readonly gitVersion?: string }>('/version')) ?? {};
    this.#version = { client, text: gitVersion };
    return gitVersion;
  }
}
