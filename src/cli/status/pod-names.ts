import { pathsOf } from '../../config/paths.ts';
import { agentDoor, noStarter } from '../agent/agent-door.ts';
import type { CliContext } from '../command.ts';
import { type Options, rootDirOf } from '../workflow-context.ts';
import { loggedPods } from './find-pod.ts';

/** The names that `logs` takes, for the completion. */
export async function podNames(cli: CliContext, options: Options): Promise<readonly string[]> {
  const paths = pathsOf(rootDirOf(cli.host, options));
  const agent = agentDoor({ host: cli.host, clock: cli.clock, paths, starter: noStarter });
  const pods = await loggedPods(cli.host, paths, await agent.status());
  return [...new Set(pods.map(({ shortName }) => shortName))].sort();
}
