import type { CliCommand } from '../command.ts';

/** What the agent starts in the network namespace of a pod, where a port is forwarded. */
export const connectCommand: CliCommand = {
  name: 'connect',
  summary: 'pass on standard input and output to a port of localhost',
  examples: ['bootstrap connect 8080'],
  hidden: true,
  arguments: [{ form: '<port>', summary: 'port of this network namespace' }],
  load: () => import('./connect.ts'),
};
