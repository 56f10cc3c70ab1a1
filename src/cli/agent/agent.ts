import { keepYoungGenerationSmall } from '../../host/lean-memory.ts';
import type { CommandRun } from '../command.ts';

/** `bootstrap agent`. Memory is set up before the modules are loaded that fill it. */
export const run: CommandRun = async (context, invocation) => {
  keepYoungGenerationSmall();
  const { runAgentCommand } = await import('./run-agent.ts');
  return runAgentCommand(context, invocation);
};
