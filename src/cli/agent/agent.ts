import type { CommandRun } from '../command.ts';
import { runAgentCommand } from './run-agent.ts';

/** `bootstrap agent`. */
export const run: CommandRun = runAgentCommand;
