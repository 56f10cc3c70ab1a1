import { messageOf } from '../../base/errors.ts';
import { componentState } from '../../health/component-state.ts';
import type { ComponentSwap, RolloutContext } from '../apply/context.ts';
import { surelyStatus } from '../apply/swap.ts';
import { type ChangeOver, changeOverOf, securePort } from '../plan/expected-gap.ts';
import { type ChangeOverFacts, gatherChangeOverFacts } from './change-over-facts.ts';
import { migrateRequests } from './migrate-requests.ts';
import { listeningInodes } from './new-instance.ts';
import type { OldInstance } from './old-instance.ts';
import { planChangeOver } from './plan-change-over.ts';
import type { PortGroup } from './port-group.ts';
import { changeOverShared } from './shared.ts';
import { changeOverSteered, steerToOld, warning } from './steered.ts';

/**
 * Changes the API server over in the best way that is possible now: behind an address of its own, sharing the port, or one
 * after the other; says why when it is not the first. Rejects when the new one does not become healthy: the old one then
 * still serves (but for one after the other), and whoever called puts its manifest back.
 */
export async function rollApiServer(context: RolloutContext, swap: ComponentSwap): Promise<void> {
  const running = componentState(await surelyStatus(context), swap.component).pod?.pod;
  const facts = await gatherChangeOverFacts(context.host, securePort(running ?? swap.manifest.pod));
  const chosen = changeOverOf({
    wanted: context.config.bootstrap.rollout.apiServer,
    possible: planChangeOver(facts),
    running,
    rendered: swap.manifest.pod,
  });
  // What waits in a listener that closes goes to the other one.
  const handingOver = facts.netAdmin && chosen.way !== 'recreate' ? await migrating(context) : undefined;
  try {
    await changeOver(context, swap, { chosen, facts });
  } finally {
    await handingOver?.().catch(warning(context, 'net.ipv4.tcp_migrate_req is not put back'));
  }
}

type Choice = { readonly chosen: ChangeOver; readonly facts: ChangeOverFacts };

async function changeOver(context: RolloutContext, swap: ComponentSwap, choice: Choice): Promise<void> {
  const way = await prepared(context, swap, choice);
  if (way === 'recreate') {
    await swap.swap();
    return swap.gate();
  }
  const { facts } = choice;
  const old = await oldInstance(context, facts);
  if (way === 'share') return changeOverShared(context, swap, { old, address: facts.listeners[0]?.address ?? '::' });
  const nft = facts.netAdmin ? facts.nft : undefined;
  await changeOverSteered(context, swap, { group: groupOf(facts), old, nft });
}

function migrating(context: RolloutContext): Promise<(() => Promise<void>) | undefined> {
  return migrateRequests(context.host, context.paths).catch(
    warning(context, 'connections that wait in a closing listener are not handed over'),
  );
}

/** Has the agent allow two instances and the kernel steer; what is refused makes the next best way. */
async function prepared(
  context: RolloutContext,
  { manifest }: ComponentSwap,
  { chosen, facts }: Choice,
): Promise<ChangeOver['way']> {
  const { report, agent } = context;
  if (chosen.because !== undefined) report.info(`kube-apiserver: ${inWords[chosen.way]}: ${chosen.because}`);
  if (chosen.way === 'recreate') return 'recreate';
  try {
    await agent.overlap(manifest.file);
  } catch (thrown) {
    report.warn(`kube-apiserver: ${inWords.recreate}: the agent runs no two: ${messageOf(thrown)}`);
    return 'recreate';
  }
  if (chosen.way === 'share') return 'share';
  try {
    await steerToOld(context, groupOf(facts));
    return 'overlap';
  } catch (thrown) {
    report.warn(`kube-apiserver: ${inWords.share}: ${messageOf(thrown)}`);
    return 'share';
  }
}

const inWords: Readonly<Record<ChangeOver['way'], string>> = {
  overlap: 'old and new overlap, but requests in flight are not held back',
  share: 'old and new share the port, and the new one gets connections before it is ready',
  recreate: 'the new one starts after the old one has stopped',
};

function groupOf({ port, uid = 0, perl = 'perl' }: ChangeOverFacts): PortGroup {
  return { port, uid, perl };
}

async function oldInstance({ host }: RolloutContext, { port, listeners }: ChangeOverFacts): Promise<OldInstance> {
  const pid = listeners[0]?.pid;
  const process = pid === undefined ? undefined : await host.identify(pid);
  return { port, sockets: await listeningInodes(host, port), process };
}
