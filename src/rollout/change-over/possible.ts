import type { Pod } from '../../kube/types.ts';
import { type ChangeOver, securePort } from '../plan/expected-gap.ts';
import { type ChangeOverHost, gatherChangeOverFacts } from './change-over-facts.ts';
import { planChangeOver } from './plan-change-over.ts';

/** What this machine allows for a change over of the API server that runs; undefined when none does. */
export async function possibleChangeOver(
  host: ChangeOverHost,
  running: Pod | undefined,
): Promise<ChangeOver | undefined> {
  return running && planChangeOver(await gatherChangeOverFacts(host, securePort(running)));
}
