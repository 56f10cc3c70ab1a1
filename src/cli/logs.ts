import type { LogLine } from '../agent/logs/log-line.ts';
import { readLog } from '../agent/logs/read-log.ts';
import { OperationError, UsageError } from '../base/errors.ts';
import type { Paths } from '../config/paths.ts';
import { pathsOf } from '../config/paths.ts';
import { readPart } from '../host/read-part.ts';
import { agentDoor } from './agent-door.ts';
import type { CliContext, CommandRun } from './command.ts';
import type { LoggedPod } from './find-pod.ts';
import { findPod, loggedPods } from './find-pod.ts';
import { logFiles } from './log-lines.ts';
import { rootFlag } from './root-flag.ts';
import type { Options } from './workflow-context.ts';
import { durationOption, rootDirOf, textOption } from './workflow-context.ts';

/** `bootstrap logs POD`: what a container wrote, read from its files, whether or not an agent runs. */
export const run: CommandRun = async (cli, { options, arguments: [name = ''], common }) => {
  const paths = pathsOf(rootDirOf(cli.host, options));
  const starter = { start: async () => '', disable: async () => {} };
  const agent = agentDoor({ host: cli.host, clock: cli.clock, paths, starter });
  const pods = await loggedPods(cli.host, paths, await agent.status());
  const pod = findPod(pods, name, textOption(options, 'namespace'));
  const container = containerOf(pod, textOption(options, 'container'));
  const path = await fileOf(cli, paths, { pod, container, previous: options.previous === true });
  const lines = readLog({ ...readingOf(cli, options), path });
  if (common.output === 'json') {
    cli.stdout.write(`${JSON.stringify({ kind: 'Logs', lines: await gathered(lines) })}\n`);
    return 0;
  }
  const show = (line: LogLine) =>
    common.output === 'text' ? textOf(line, options.timestamps === true) : `${JSON.stringify(documentOf(line))}\n`;
  for await (const line of lines) cli.stdout.write(show(line));
  return 0;
};

type Which = { readonly pod: LoggedPod; readonly container: string; readonly previous: boolean };

async function fileOf(cli: CliContext, paths: Paths, which: Which): Promise<string> {
  const files = await logFiles(cli.host, paths, which);
  const path = files.at(which.previous ? -2 : -1);
  if (path !== undefined) return path;
  const { name } = which.pod.identity;
  throw new OperationError(
    which.previous && files.length > 0
      ? `${which.container} of ${name} has not been restarted: there is no earlier attempt`
      : `${which.container} of ${name} has written nothing yet`,
    { hint: `bootstrap status${rootFlag(paths.root)}` },
  );
}

function readingOf({ clock, signal }: CliContext, options: Options) {
  const tail = tailOf(options);
  const since = durationOption(options, 'since');
  return {
    clock,
    signal,
    readPart,
    ...(tail === undefined ? {} : { tail }),
    ...(since === undefined ? {} : { sinceMs: clock.now() - since }),
    ...(options.follow === true ? { follow: async () => true } : {}),
  };
}

function tailOf(options: Options): number | undefined {
  const text = textOption(options, 'tail');
  // kubectl's own word for "all of it".
  if (text === undefined || text === '-1') return undefined;
  if (!/^\d+$/.test(text)) throw new UsageError(`--tail takes a number of lines, not "${text}"`);
  return Number(text);
}

function containerOf(pod: LoggedPod, asked: string | undefined): string {
  const [first] = pod.containers;
  const container = asked ?? first;
  if (container === undefined) throw new OperationError(`${pod.identity.name} has no container yet`);
  if (!pod.containers.includes(container)) {
    throw new UsageError(`${pod.identity.name} has no container "${container}"`, {
      hint: `it has: ${pod.containers.join(', ')}`,
    });
  }
  return container;
}

function textOf({ text, atMs }: LogLine, timestamps: boolean): string {
  const time = timestamps && atMs !== undefined ? `${new Date(atMs).toISOString()} ` : '';
  return `${time}${text}\n`;
}

function documentOf({ text, atMs, stream }: LogLine): Readonly<Record<string, string>> {
  const time = atMs === undefined ? {} : { time: new Date(atMs).toISOString() };
  return { ...time, ...(stream === undefined ? {} : { stream }), text };
}

async function gathered(lines: AsyncIterable<LogLine>): Promise<readonly Readonly<Record<string, string>>[]> {
  const documents: Readonly<Record<string, string>>[] = [];
  for await (const line of lines) documents.push(documentOf(line));
  return documents;
}
