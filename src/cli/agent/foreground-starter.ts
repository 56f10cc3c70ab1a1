import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import type { CliContext, CommonOptions } from '../command.ts';
import type { AgentStarter } from './agent-starter.ts';
import { agentStarter } from './agent-starter.ts';

/** The agent in this very process; `foreground` resolves when it has ended, which a signal makes it do. */
export async function foregroundStarter(input: {
  readonly cli: CliContext;
  readonly host: Host;
  readonly paths: Paths;
  readonly common: CommonOptions;
}): Promise<{ readonly starter: AgentStarter; readonly foreground: () => Promise<void> }> {
  const { cli, host, paths, common } = input;
  const background = await agentStarter(host, paths);
  let ended: Promise<unknown> = Promise.resolve();
  const starter: AgentStarter = {
    start: async () => {
      const { run } = await import('./agent.ts');
      ended = run(cli, { options: { config: paths.agentConfig, rootDir: paths.root }, arguments: [], common });
      // Whoever waits for the agent sees it gone at once; what it died of is told in the end.
      ended.catch(() => {});
      return `in the foreground, pid ${host.pid}`;
    },
    stop: () => background.stop(),
    retire: () => background.retire(),
    lastWords: (count) => background.lastWords(count),
  };
  return { starter, foreground: async () => void (await ended) };
}
