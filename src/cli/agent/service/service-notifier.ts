import type { Clock } from '../../../base/clock.ts';
import { messageOf } from '../../../base/errors.ts';
import { type Log, warnOnce } from '../../../base/log.ts';
import type { Host } from '../../../host/host.ts';
import type { ServiceManager } from './service-manager.ts';
import type { ServiceState } from './service-state.ts';

/** Tells the service manager how the agent is. */
export interface ServiceNotifier {
  /** The agent works; from now on it is looked at again and again, and the watchdog fed, until `end`. */
  ready(look: () => ServiceState): void;
  /** Says that the configuration is read again as long as `act` takes. */
  reloading(act: () => Promise<void>): Promise<void>;
  end(): void;
}

const lookEveryMs = 15_000;
/** Several rounds of the agent: each takes a minute, and less when one failed. */
const longestRoundMs = 5 * 60_000;
/** A busy machine is no reason to be taken for one that did not start. */
const toldWithinMs = 30_000;

type Doors = {
  readonly host: Pick<Host, 'run' | 'findProgram'>;
  readonly clock: Clock;
  readonly log: Log;
};

/**
 * Speaks by systemd-notify(1), a short-lived child: Node itself cannot send datagrams to unix sockets. Where there is no
 * service manager nothing is said.
 */
export function serviceNotifier(doors: Doors, manager: Omit<ServiceManager, 'journal'>): ServiceNotifier {
  const { clock } = doors;
  const { notifySocket, watchdogMs } = manager;
  if (notifySocket === undefined) return { ready() {}, reloading: (act) => act(), end() {} };
  const send = sender(doors, notifySocket);
  let cancel = () => {};
  let told: Told = { status: '', fedAtMs: clock.ticks(), rounds: 0, roundAtMs: clock.ticks() };
  // Said again until it was heard: without it systemd ends what it takes for not started.
  let state: readonly string[] = ['READY=1'];
  let busy = false;
  const say = async (words: readonly string[]) => {
    busy = true;
    if (await send([...state, ...words])) state = [];
    else told = { ...told, status: '' };
    busy = false;
  };
  const look = (at: () => ServiceState) => {
    // One that is still being said holds the next back: they must not pile up.
    if (busy) return;
    const notice = planNotice(at(), told, { nowMs: clock.ticks(), watchdogMs });
    if (notice.standsStill) doors.log.error('the agent stands still: the watchdog is not fed');
    told = notice.told;
    void say(notice.words);
  };
  return {
    ready: (at) => {
      const everyMs = Math.min(lookEveryMs, (watchdogMs ?? Number.POSITIVE_INFINITY) / 4);
      const turn = () => {
        look(at);
        cancel = clock.after(everyMs, turn);
      };
      // Its time begins with READY=1.
      told = { ...told, fedAtMs: clock.ticks(), roundAtMs: clock.ticks() };
      turn();
    },
    reloading: async (act) => {
      void send(['RELOADING=1']);
      await act().finally(() => {
        state = ['READY=1'];
        void say([]);
      });
    },
    end: () => cancel(),
  };
}

type Told = ServiceState & { readonly fedAtMs: number; readonly roundAtMs: number };

type Notice = { readonly words: readonly string[]; readonly told: Told; readonly standsStill: boolean };

/**
 * What is to be said now: a status that is another one, and food for the watchdog at a quarter of its time, as long as
 * the agent's circle goes round. A runtime that refuses does not stop that, and another agent would not bring it back; a
 * call that never ends does.
 */
function planNotice(
  { status, rounds }: ServiceState,
  told: Told,
  {
    nowMs,
    watchdogMs = Number.POSITIVE_INFINITY,
  }: { readonly nowMs: number; readonly watchdogMs?: number | undefined },
): Notice {
  const roundAtMs = rounds === told.rounds ? told.roundAtMs : nowMs;
  const standsStill = nowMs - roundAtMs > longestRoundMs;
  const feeds = !standsStill && nowMs - told.fedAtMs >= watchdogMs / 4;
  const words = [...(feeds ? ['WATCHDOG=1'] : []), ...(status === told.status ? [] : [`STATUS=${status}`])];
  return { words, told: { status, rounds, roundAtMs, fedAtMs: feeds ? nowMs : told.fedAtMs }, standsStill };
}

/** One after another, so that what is said last counts; whether it was heard. */
function sender({ host, log }: Doors, notifySocket: string): (words: readonly string[]) => Promise<boolean> {
  const warn = warnOnce(log);
  let before: Promise<unknown> = Promise.resolve();
  const send = async (words: readonly string[]) => {
    try {
      const program = await host.findProgram('systemd-notify');
      if (program === undefined) throw new Error('the program systemd-notify is not there');
      const env = { NOTIFY_SOCKET: notifySocket };
      const { code, stderr } = await host.run(program, words, { env, timeoutMs: toldWithinMs });
      if (code !== 0) throw new Error(stderr.trim() || `systemd-notify ended with ${code}`);
      return true;
    } catch (thrown) {
      warn(`the service manager cannot be told how the agent is: ${messageOf(thrown)}`);
      return false;
    }
  };
  return (words) => {
    if (words.length === 0) return Promise.resolve(true);
    const sent = before.then(() => send(words));
    before = sent;
    return sent;
  };
}
