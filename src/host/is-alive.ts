import type { Host, ProcessIdentity } from './host.ts';

/** Whether this very process lives, not another that has got its pid since. */
export async function isAlive(host: Pick<Host, 'identify'>, identity: ProcessIdentity | undefined): Promise<boolean> {
  return identity !== undefined && (await host.identify(identity.pid))?.startTicks === identity.startTicks;
}
