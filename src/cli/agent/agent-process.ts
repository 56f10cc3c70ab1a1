import { prepareSocketPath, removeSocketPath } from '../../agent/home/socket-path.ts';
import { processGauges } from '../../agent/metrics/process-gauges.ts';
import { exposition } from '../../agent/metrics/registry.ts';
import { type AgentView, agentRoutes } from '../../agent/routes.ts';
import type { DecidedSettings } from '../../agent/settings/decide-settings.ts';
import { planReload } from '../../agent/settings/plan-reload.ts';
import type { AgentSettings } from '../../agent/settings/settings.ts';
import { errorsOf, renderFinding } from '../../base/diagnostics.ts';
import { UsageError } from '../../base/errors.ts';
import { serveHttp } from '../../host/serve.ts';
import type { AgentStatus } from '../../kube/agent-socket.ts';
import { type Recovered, watchRollouts } from '../rollout/recover-rollout.ts';
import type { AgentPorts } from './agent-ports.ts';
import { agentRuntimes } from './agent-runtimes.ts';
import { type AgentSession, type AgentSetup, openSession } from './agent-session.ts';
import { finishRecovery } from './finish-recovery.ts';
import { openPorts } from './open-ports.ts';
import { serviceState } from './service/service-state.ts';

/** Reads the flags' file again. Throws UsageError for what is wrong in it. */
type DecideAgain = () => Promise<DecidedSettings>;

/**
 * The agent for the life of the process: its socket stays, while settings, the agent proper and its ports are changed
 * by SIGHUP. Pods notice neither a reload nor the end.
 */
export class AgentProcess {
  #setup: AgentSetup;
  #again = Promise.withResolvers<'reload' | 'recovered' | 'moved'>();
  #session: AgentSession;
  #ports: AgentPorts = { problems: [], close: async () => {} };
  #warned: readonly string[];

  private constructor(setup: AgentSetup, session: AgentSession, warned: readonly string[]) {
    this.#setup = setup;
    this.#warned = warned;
    this.#session = session;
  }

  /** Runs until the agent ends; throws only for bugs of ours and a socket that cannot be made. */
  static async run(setup: AgentSetup, decided: DecidedSettings, decideAgain: DecideAgain): Promise<void> {
    const { host } = setup.context;
    const { settings } = decided;
    const warnings = decided.warnings(setup.choice.type);
    for (const warning of warnings) setup.log.warn(warning);
    const socketPath = await prepareSocketPath(host, setup.paths);
    const agent = new AgentProcess(setup, await openSession(setup, settings), warnings);
    const view = agent.#view();
    const over = new AbortController();
    const socket = await serveHttp({ socketPath }, agentRoutes(view));
    try {
      agent.#ports = await openPorts(setup, agent.#session, view);
      const look = () => agent.#session.agent.look();
      await setup.guard.start(over.signal, look);
      const afterwards = async (recovered: Recovered) => {
        const isStale = setup.recovered.some(({ restored }) => restored.includes(setup.paths.agentConfig));
        if (isStale) agent.#again.resolve('recovered');
        else await agent.#finishRecoveries(over.signal);
        if (recovered === 'nothing' && (await agent.#hasMoved())) agent.#again.resolve('moved');
      };
      void watchRollouts(setup.context.clock, over.signal, { recover: setup.recover, look, afterwards });
      setup.service.ready(() => serviceState(agent.#session.agent));
      await agent.#untilEnd(decideAgain, over.signal);
    } finally {
      over.abort();
      setup.service.end();
      setup.start.end();
      await Promise.all([socket.close(), agent.#ports.close(), agent.#session.end()]);
      await agent.#leave();
      await removeSocketPath(host, setup.paths, socketPath);
    }
  }

  async #leave(): Promise<void> {
    const { agent, node } = this.#session;
    await node?.leave(agent.status().pods.filter(({ file }) => file !== undefined).length);
  }

  async #untilEnd(decideAgain: DecideAgain, signal: AbortSignal): Promise<void> {
    const forget = this.#setup.context.onHangup?.(() => this.#again.resolve('reload'));
    try {
      for (;;) {
        const why = await Promise.race([this.#session.ended, this.#again.promise]);
        if (why === undefined) return;
        this.#again = Promise.withResolvers();
        if (why === 'reload') await this.#setup.service.reloading(() => this.#reload(decideAgain));
        else if (why === 'moved') await this.#leaveFormers();
        else await this.#takeUpRecovered(decideAgain, signal);
      }
    } finally {
      forget?.();
    }
  }

  /** Whether nothing of ours is left in any runtime that pods move out of. */
  async #hasMoved(): Promise<boolean> {
    if (this.#setup.formers.length === 0) return false;
    const pods = await this.#session.runtime.observePods().catch(() => undefined);
    return (
      pods?.every((pod) => [...pod.sandboxes, ...pod.containers].every(({ former }) => former === undefined)) ?? false
    );
  }

  async #leaveFormers(): Promise<void> {
    const { settings } = this.#session;
    this.#setup = { ...this.#setup, ...(await agentRuntimes(this.#setup, settings)) };
    this.#setup.log.info('all pods have moved');
    await this.#change(settings);
  }

  /** A change that was cut off has been undone, and with it what this agent runs by, perhaps its runtime. */
  async #takeUpRecovered(decideAgain: DecideAgain, signal: AbortSignal): Promise<void> {
    const { log } = this.#setup;
    try {
      const { settings } = await decideAgain();
      const { changed, needRestart } = planReload(this.#session.settings, settings);
      if (changed.length + needRestart.length > 0) {
        log.info(`the former configuration was put back: ${[...changed, ...needRestart].join(', ')} changed`);
        this.#setup = { ...this.#setup, ...(await agentRuntimes(this.#setup, settings)) };
        await this.#change(settings);
      }
    } catch (thrown) {
      if (!(thrown instanceof UsageError)) throw thrown;
      log.error(`the configuration that was put back cannot be used: ${thrown.message}`);
    }
    void this.#finishRecoveries(signal);
  }

  async #finishRecoveries(signal: AbortSignal): Promise<void> {
    const { recovered, context } = this.#setup;
    const about = { ...this.#setup, ...context, signal, agent: this.#session.agent };
    for (const recovery of recovered.splice(0)) await finishRecovery(about, recovery);
  }

  async #reload(decideAgain: DecideAgain): Promise<void> {
    const { log, metrics } = this.#setup;
    try {
      const decided = await decideAgain();
      const { settings } = decided;
      const warnings = decided.warnings(this.#setup.choice.type);
      for (const warning of warnings) if (!this.#warned.includes(warning)) log.warn(warning);
      this.#warned = warnings;
      const plan = planReload(this.#session.settings, settings);
      if (plan.needRestart.length > 0) log.warn(`${plan.needRestart.join(', ')} changed: restart the agent for that`);
      log.info(`SIGHUP: configuration read again: ${plan.changed.join(', ') || 'nothing'} changed`);
      if (plan.changed.length > 0) await this.#change(plan.settings);
      else await this.#session.agent.look();
      metrics.reloads.add({ result: 'success' });
    } catch (thrown) {
      if (!(thrown instanceof UsageError)) throw thrown;
      log.error(`SIGHUP: the configuration stays as it was: ${thrown.message}`);
      for (const finding of errorsOf(thrown.findings)) log.error(renderFinding(finding));
      metrics.reloads.add({ result: 'refused' });
    }
  }

  /** The old agent is gone before the new one begins: there is one at a time. */
  async #change(settings: AgentSettings): Promise<void> {
    await Promise.all([this.#ports.close(), this.#session.end()]);
    this.#session = await openSession(this.#setup, settings);
    this.#ports = await openPorts(this.#setup, this.#session, this.#view());
  }

  /** What is asked is answered by the agent that is there at that moment. */
  #view(): AgentView {
    const { context, metrics, health, start } = this.#setup;
    const more = () => ({ start: start.view(), ...this.#node(), ...this.#problems() });
    const status = () => ({ ...this.#session.agent.status(), ...more() });
    return {
      status,
      looked: () => this.#session.agent.looked(),
      look: () => this.#look(),
      requests: () => this.#session.agent.requests,
      stop: () => this.#session.agent.stop(),
      metrics: async () => exposition([...metrics.families(status()), ...(await processGauges(context.host))]),
      unhealthy: () => health.problem(context.clock.now()),
    };
  }

  /** Whoever asks for a look may have made what the API server, or its kubeconfig, lacked. */
  async #look(): Promise<void> {
    this.#session.node?.api.nudge();
    await this.#session.agent.look();
  }

  #node(): Pick<AgentStatus, 'node'> {
    const node = this.#session.node?.status();
    return node === undefined ? {} : { node };
  }

  #problems(): { readonly problems?: readonly string[] } {
    const { node } = this.#session;
    const problems = [...this.#ports.problems, ...(node?.problems() ?? []), ...this.#setup.guard.problems()];
    return problems.length === 0 ? {} : { problems };
  }
}
