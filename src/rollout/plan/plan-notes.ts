import { commandOf, flagValue } from '../../manifests/command-line.ts';
import type { RolloutFacts } from './plan.ts';
import { presentPod } from './plan-blocked.ts';

/** What is good to know of a plan, though it changes nothing of it. */
export function notesOf(facts: RolloutFacts): readonly string[] {
  const { running, config } = facts;
  const { former } = facts.pki;
  const algorithm = config.cluster.encryptionAlgorithm;
  return [
    ...(running === undefined ? ['no agent answers: what runs is not known, only the files are compared'] : []),
    ...(former !== undefined && former.cluster.encryptionAlgorithm !== algorithm
      ? [`encryptionAlgorithm ${algorithm} is for certificates made from now on; those that are there keep their keys`]
      : []),
    ...memberNotes(facts),
  ];
}

/** The flag counts at the first start only; the member list has the URL from then on. */
function memberNotes(facts: RolloutFacts): readonly string[] {
  const urls = [presentPod('etcd', facts), facts.rendered.get('etcd')?.pod].map((pod) =>
    pod === undefined ? undefined : flagValue(commandOf(pod), '--initial-advertise-peer-urls'),
  );
  const [from, to] = urls;
  if (from === undefined || to === undefined || from === to) return [];
  return [`the peer URL of the etcd member changes with it, through etcd's API: ${from} → ${to}`];
}
