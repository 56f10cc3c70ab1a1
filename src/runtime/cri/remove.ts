import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { type CriClient, defaultTimeoutMs } from './client.ts';
import type { CriContext } from './context.ts';
import { hasStatus, status } from './cri-error.ts';

type Asking = Pick<CriContext, 'client' | 'clock'>;

/** Stop signal, then SIGKILL after the grace period; one that has stopped or is gone is fine. */
export async function stopContainer(client: CriClient, id: string, graceSeconds: number): Promise<void> {
  const what = `cannot stop container ${id.slice(0, 13)}`;
  const timeoutMs = graceSeconds * 1000 + defaultTimeoutMs;
  await client
    .call('StopContainer', { containerId: id, timeout: Math.ceil(graceSeconds) }, { what, timeoutMs })
    .catch(unlessGone);
}

/** Removes a container, running or not; one that is gone is fine. */
export async function removeContainer({ client, clock }: Asking, id: string): Promise<void> {
  const what = `cannot remove container ${id.slice(0, 13)}`;
  await onceSettled(clock, () => client.call('RemoveContainer', { containerId: id }, { what }));
}

/** Kills what still runs in it and takes its network down. */
export async function stopSandbox(client: CriClient, id: string): Promise<void> {
  const what = `cannot stop sandbox ${id.slice(0, 13)}`;
  await client.call('StopPodSandbox', { podSandboxId: id }, { what }).catch(unlessGone);
}

/** Removes a sandbox and all containers in it. */
export async function removeSandbox({ client, clock }: Asking, id: string): Promise<void> {
  const what = `cannot remove sandbox ${id.slice(0, 13)}`;
  await onceSettled(clock, () => client.call('RemovePodSandbox', { podSandboxId: id }, { what }));
}

/** What containerd 1.6 refuses for a moment: one that is just being started, one whose end it has yet to notice. */
const unsettled = /in starting state|still running, to stop first/;

async function onceSettled(clock: Clock, ask: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await ask();
      return;
    } catch (thrown) {
      if (hasStatus(thrown, status.notFound)) return;
      if (tries === 20 || !unsettled.test(messageOf(thrown))) throw thrown;
    }
    await sleep(clock, 250);
  }
}

function unlessGone(thrown: unknown): void {
  if (!hasStatus(thrown, status.notFound)) throw thrown;
}
