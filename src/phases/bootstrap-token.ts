import { applyObjects, untilAnswered } from '../cluster/apply-objects.ts';
import { listTokens, planTokens, type TokenPlan, tokenSecret } from '../cluster/tokens.ts';
import type { KubeClient } from '../kube/client.ts';
import { limits, openCluster } from './cluster-client.ts';
import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';
import { applyStanding } from './standing-phase.ts';

/** Makes the tokens that nodes join with, and lets them do what joining takes. */
export const bootstrapTokenPhase: Phase<InitContext> = {
  name: 'bootstrap-token',
  summary: 'make the bootstrap tokens, cluster-info, and the rights that joining takes',
  run: async (context) => {
    const client = await openCluster(context);
    await Promise.all([makeTokens(context, client), applyStanding(context, client, ['bootstrap-token'])]);
  },
};

async function makeTokens(context: InitContext, client: KubeClient): Promise<void> {
  const plans = await tokenPlans(context, client);
  const objects = plans
    .filter(({ action }) => action !== 'keep')
    .map(({ wanted }) => ({ phase: 'bootstrap-token', object: tokenSecret(wanted, context.clock.now()) }) as const);
  await applyObjects(client, objects, limits(context));
  for (const { token, action, because } of plans) {
    // The first half is no secret.
    context.report.item({ item: `token ${token.split('.')[0]}`, action, because });
  }
}

/** What becomes of the configured tokens, or became of them: then each is kept, and is the one to join with. */
export async function tokenPlans(context: InitContext, client: KubeClient): Promise<readonly TokenPlan[]> {
  const { config, clock } = context;
  const { tokens } = await untilAnswered(() => listTokens(client), 'the bootstrap tokens', limits(context));
  return planTokens(config.init.bootstrapTokens, tokens, clock.now());
}
