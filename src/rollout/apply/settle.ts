import { sleep } from '../../base/clock.ts';
import { humanDuration } from '../../base/duration.ts';
import { type ComponentState, stateText } from '../../health/component-state.ts';
import { readManifests } from '../../health/manifest-files.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { healthProblem } from './ask-health.ts';
import type { RolloutContext } from './context.ts';
import { failed } from './failure.ts';
import { AgentWatcher } from './gate.ts';
import { type Instance, instanceOf, isAnother } from './instance.ts';

const lookEveryMs = 250;
/** One late answer is no failure; so long without a good one is. */
const patienceMs = 2_000;
/** An agent that has died is started again meanwhile, and what it runs is none the worse. */
const silenceMs = 20_000;

/** Ends when a component that passed its gate has stayed healthy for `settleMs`; throws `ComponentFailure` when it has not. */
export async function settle(
  context: RolloutContext,
  { component, settleMs }: { readonly component: ComponentName; readonly settleMs: number },
): Promise<void> {
  const { clock, signal, report } = context;
  const [sinceMs, sinceTicks] = [clock.now(), clock.ticks()];
  const watcher = new AgentWatcher(context, component);
  let first: Instance | undefined;
  let goodTicks = sinceTicks;
  for (;;) {
    signal.throwIfAborted();
    const state = await watcher.state();
    const now = instanceOf(state);
    const problem = await problemOf(context, component, state);
    first ??= now.running ? now : undefined;
    const nowTicks = clock.ticks();
    if (problem === undefined || isSilent(watcher)) goodTicks = nowTicks;
    const replaced = first !== undefined && now.running && isAnother(now, first);
    if (replaced || nowTicks - goodTicks > patienceMs) {
      const what = `did not stay healthy: ${replaced ? 'it was restarted' : problem}`;
      throw await failed(context, { component, what, state });
    }
    if (problem === undefined && nowTicks - sinceTicks >= settleMs) return;
    const left = humanDuration(Math.max(0, settleMs - (nowTicks - sinceTicks)));
    report.waiting(
      problem === undefined ? `${component} has to stay ready, ${left} left` : `${component}: ${problem}`,
      sinceMs,
    );
    await sleep(clock, Math.min(lookEveryMs, Math.max(1, settleMs - (nowTicks - sinceTicks))), signal);
  }
}

function isSilent(watcher: AgentWatcher): boolean {
  const silentMs = watcher.silentMs();
  return silentMs > 0 && silentMs < silenceMs;
}

async function problemOf(
  context: RolloutContext,
  component: ComponentName,
  state: ComponentState,
): Promise<string | undefined> {
  if (!instanceOf(state).ready) return stateText(state, context.clock.now());
  const manifest = (await readManifests(context.host, context.paths)).find((item) => item.component === component);
  return manifest === undefined ? 'its manifest is not there' : healthProblem(context, manifest);
}
