import { basename } from 'node:path';
import { readLogFile } from '../../agent/logs/read-log.ts';
import { sleep } from '../../base/clock.ts';
import { OperationError } from '../../base/errors.ts';
import type { Paths } from '../../config/paths.ts';
import { pathsOf } from '../../config/paths.ts';
import { agentDoor, noStarter } from '../agent/agent-door.ts';
import type { CliContext, CommandRun } from '../command.ts';
import { LogWriter } from '../log-writer.ts';
import { rootFlag } from '../root-flag.ts';
import { rootDirOf, textOption } from '../workflow-context.ts';
import { containersOf, findPod, type LoggedPod, loggedPods } from './find-pod.ts';
import { logFiles } from './log-lines.ts';
import { type LogChoice, logChoice } from './log-options.ts';

const newAttemptEveryMs = 250;

/** `bootstrap logs POD`: what containers wrote, read from their files, whether or not an agent runs. */
export const run: CommandRun = async (cli, { options, arguments: [name], common }) => {
  const choice = logChoice(options, cli.clock.now());
  const paths = pathsOf(rootDirOf(cli.host, options));
  const agent = agentDoor({ host: cli.host, clock: cli.clock, paths, starter: noStarter });
  const pods = await loggedPods(cli.host, paths, await agent.status());
  const pod = findPod(pods, name, textOption(options, 'namespace'));
  const containers = containersOf(pod, choice);
  if (containers.length === 1 && pod.containers.length > 1 && choice.container === undefined) {
    cli.stderr.write(`container ${containers[0]} of: ${pod.containers.join(', ')} (-c names another)\n`);
  }
  const output = { form: common.output, choice, pod: pod.identity.name };
  const writers = containers.map((container) => new LogWriter(cli.stdout, { ...output, container }));
  const jobs = writers.map((writer) => () => follow({ cli, paths, pod, choice }, writer));
  // Followed side by side; else one container after the other, as kubectl does.
  if (choice.follow) await Promise.all(jobs.map((job) => job()));
  else for (const job of jobs) await job();
  if (common.output === 'json') {
    cli.stdout.write(`${JSON.stringify({ kind: 'Logs', lines: writers.flatMap(({ documents }) => documents) })}\n`);
  }
  return 0;
};

type Following = {
  readonly cli: CliContext;
  readonly paths: Paths;
  readonly pod: LoggedPod;
  readonly choice: LogChoice;
};

/** One container's lines; when followed over its restarts, from attempt to attempt, until interrupted. */
async function follow(following: Following, writer: LogWriter): Promise<void> {
  const { cli, choice } = following;
  let path = await firstFile(following, writer.container);
  if (path === undefined) return;
  for (let attempts = 0; !writer.isFull; attempts++) {
    const present = path;
    const newer = nextFile(following, writer.container, present);
    const { tail, sinceMs } = choice;
    const lines = readLogFile({
      path: present,
      clock: cli.clock,
      signal: cli.signal,
      // What later attempts wrote was not there to be cut off.
      ...(tail === undefined || attempts > 0 ? {} : { tail }),
      ...(sinceMs === undefined ? {} : { sinceMs }),
      ...(choice.follow ? { follow: async () => (await newer()) === undefined } : {}),
    });
    for await (const line of lines) if (!writer.write(line)) return;
    const next = choice.follow && !cli.signal.aborted ? await newer() : undefined;
    if (next === undefined) return;
    path = next;
  }
}

/** The file to begin with; a container that has not begun is waited for when it is followed or only one of several. */
async function firstFile({ cli, paths, pod, choice }: Following, container: string): Promise<string | undefined> {
  for (;;) {
    const files = await logFiles(cli.host, paths, { pod, container });
    const path = files.at(choice.previous ? -2 : -1);
    if (path !== undefined) return path;
    if (!choice.follow && choice.allContainers) return undefined;
    if (!choice.follow || choice.previous) throw nothingThere({ paths, pod, container, restarts: files.length - 1 });
    if (cli.signal.aborted) return undefined;
    await sleep(cli.clock, newAttemptEveryMs, cli.signal);
  }
}

function nothingThere(input: {
  readonly paths: Paths;
  readonly pod: LoggedPod;
  readonly container: string;
  readonly restarts: number;
}): OperationError {
  const { paths, pod, container, restarts } = input;
  const why = pod.waiting?.[container];
  const fate = restarts === 0 ? 'has not been restarted: there is no earlier attempt' : 'has written nothing yet';
  return new OperationError(`${container} of ${pod.identity.name} ${fate}${why === undefined ? '' : ` (${why})`}`, {
    hint: `bootstrap status${rootFlag(paths.root)}`,
  });
}

/** Tells the file of a later attempt once there is one; asks the disk four times a second. */
function nextFile({ cli, paths, pod }: Following, container: string, path: string): () => Promise<string | undefined> {
  let askedMs = Number.NEGATIVE_INFINITY;
  let found: string | undefined;
  return async () => {
    const nowMs = cli.clock.now();
    if (found !== undefined || Math.abs(nowMs - askedMs) < newAttemptEveryMs) return found;
    askedMs = nowMs;
    const files = await logFiles(cli.host, paths, { pod, container });
    // The followed one may be gone, and more than one may have come.
    found = files.find((file) => attemptOf(file) > attemptOf(path));
    return found;
  };
}

/** Of `…/3.log`. */
function attemptOf(file: string): number {
  return Number.parseInt(basename(file), 10);
}
