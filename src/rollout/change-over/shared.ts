import { hostPort } from '../../kube/cidr.ts';
import type { ComponentSwap, RolloutContext } from '../apply/context.ts';
import { readServiceAddresses } from './guard.ts';
import { untilItAnswers, untilItListens } from './new-instance.ts';
import { guardUntilGone, listensNoMore, type OldInstance } from './old-instance.ts';
import { privateAddress } from './steering-program.ts';

/** The kernel gives each instance half of the connections: that so many in a row missed the new one is one in 65,536. */
const goodAnswers = 16;
const answerWithinMs = 5_000;
const listensAtMostMs = 60_000;

/**
 * Starts the new instance on the same port and stops the old one when the new one is ready. No connection is refused, but
 * some reach the new one before it is ready.
 */
export async function changeOverShared(
  context: RolloutContext,
  swap: ComponentSwap,
  { old, address }: { readonly old: OldInstance; readonly address: string },
): Promise<void> {
  const wildcard = address === '::' || address === '0.0.0.0';
  const server = `https://${hostPort(wildcard ? '127.0.0.1' : address, old.port)}`;
  const access = { anyName: true, timeoutMs: answerWithinMs };
  const listens = () => untilItListens(context, { port: old.port, old: old.sockets });
  await swap.swap();
  await listens();
  await swap.gate({ server });
  if (wildcard) {
    // A change that failed or was killed leaves its steering with the port: the new one is reached only here then.
    const steered = await context.kube(context.paths.adminConf, {
      ...access,
      server: `https://${privateAddress}:${old.port}`,
    });
    await untilItAnswers(context, { client: steered, times: goodAnswers });
  }
  const client = await context.kube(context.paths.adminConf, { ...access, server });
  await untilItAnswers(context, { client, times: goodAnswers });
  // Had it ended meanwhile, the old one would have given all those answers.
  await listens();
  const addresses = await readServiceAddresses(client).catch(() => []);
  await context.agent.stopOld(swap.manifest.file);
  await listensNoMore(context, old, listensAtMostMs);
  await guardUntilGone(context, old, { client, addresses });
}
