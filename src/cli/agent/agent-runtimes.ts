import { formerRuntimes, notedRuntimes, noteRuntimes } from '../../agent/home/last-runtime.ts';
import { ownerId } from '../../agent/home/owner.ts';
import type { AgentSettings } from '../../agent/settings/settings.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import type { Paths } from '../../config/paths.ts';
import type { InitContext } from '../../phases/context.ts';
import { type FormerRuntime, joinedRuntime } from '../../runtime/joined-runtime.ts';
import { chooseRuntime, openRuntime, type RuntimeChoice } from '../../runtime/open.ts';
import { placeText, type RuntimePlace } from '../../runtime/place.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import type { CliContext } from '../command.ts';

type Doors = { readonly context: Pick<CliContext, 'host' | 'clock'>; readonly paths: Paths; readonly log: Log };

/** What an agent runs its pods with, and the runtimes that pods of this root directory still have to move out of. */
export type AgentRuntimes = { readonly choice: RuntimeChoice; readonly formers: readonly RuntimePlace[] };

/** One that does not answer by then is taken for one that has pods. */
const answerWithinMs = 5_000;

/** Chooses the runtime, and notes it before anything runs in it. A former one that has no pods of ours is forgotten. */
export async function agentRuntimes(doors: Doors, settings: AgentSettings): Promise<AgentRuntimes> {
  const { context, paths, log } = doors;
  const { host } = context;
  const noted = await notedRuntimes(host, paths.stateDir);
  const choice = await chooseRuntime({ host, runtime: settings.runtime, planeRuntime: noted[0] });
  const candidates = formerRuntimes(noted, choice);
  const hold = await Promise.all(candidates.map((place) => mayHavePods(doors, place)));
  const formers = candidates.filter((_place, index) => hold[index]);
  await noteRuntimes(host, paths.stateDir, { present: choice, formers });
  for (const place of formers) log.info(`pods move out of ${placeText(place)} into ${choice.type}`);
  return { choice, formers };
}

/** The runtime, joined with those that pods move out of; contacts none of them. */
export async function openAgentRuntime(
  doors: Doors & AgentRuntimes,
  settings: Pick<AgentSettings, 'containerLogMaxBytes' | 'containerLogMaxFiles'>,
): Promise<ContainerRuntime> {
  const logRotation = { maxBytes: settings.containerLogMaxBytes, maxFiles: settings.containerLogMaxFiles };
  const openLogging = (place: RuntimePlace) => open(doors, place, logRotation);
  return joined(await openLogging(doors.choice), await formersOf(doors.formers, openLogging));
}

/** A runtime joined with every other one that may have pods of this root directory, for whoever clears them away. */
export async function withFormerRuntimes(
  doors: Doors,
  opened: Pick<InitContext, 'runtime' | 'runtimeType'>,
): Promise<ContainerRuntime> {
  const places = formerRuntimes(
    await notedRuntimes(doors.context.host, doors.paths.stateDir),
    await opened.runtimeType(),
  );
  return joined(await opened.runtime(), await formersOf(places, (place) => open(doors, place)));
}

function formersOf(
  places: readonly RuntimePlace[],
  open: (place: RuntimePlace) => Promise<ContainerRuntime>,
): Promise<readonly FormerRuntime[]> {
  return Promise.all(places.map(async (place) => ({ place, runtime: await open(place) })));
}

function joined(wanted: ContainerRuntime, formers: readonly FormerRuntime[]): ContainerRuntime {
  return formers.length === 0 ? wanted : joinedRuntime(wanted, formers);
}

async function mayHavePods(doors: Doors, place: RuntimePlace): Promise<boolean> {
  const { clock } = doors.context;
  const runtime = await open(doors, place);
  const done = new AbortController();
  const late = sleep(clock, answerWithinMs, done.signal).then(() => {
    throw new Error(`no answer within ${answerWithinMs / 1000} s`);
  });
  try {
    return (await Promise.race([runtime.observePods(), late])).length > 0;
  } catch (thrown) {
    doors.log.warn(
      `${placeText(place)}, where pods of this directory have run, does not say what is there: ${messageOf(thrown)}; ` +
        `start it, or take its line out of ${doors.paths.stateDir}/runtime when it is gone for good`,
    );
    return true;
  } finally {
    done.abort();
    await runtime.close();
  }
}

async function open(
  { context, paths, log }: Doors,
  place: RuntimePlace,
  logRotation?: { readonly maxBytes: number; readonly maxFiles: number },
): Promise<ContainerRuntime> {
  const { host, clock }: { readonly host: CliContext['host']; readonly clock: Clock } = context;
  const owner = await ownerId(host, paths.stateDir);
  return openRuntime({ ...place, host, clock, log, owner, paths, logRotation });
}
