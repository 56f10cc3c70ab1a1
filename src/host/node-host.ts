import { randomBytes } from 'node:crypto';
import * as os from 'node:os';
import { nodeHeldPaths } from './held-paths.ts';
import type { Host, HostMachine } from './host.ts';
import { nodeFiles } from './node-files.ts';
import { nodeNetwork } from './node-network.ts';
import { nodeProcesses } from './node-processes.ts';
import { isSingleFile } from './packaged-files.ts';

const machine: HostMachine = {
  env: (name) => process.env[name],
  environment: () =>
    Object.fromEntries(
      Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
  takeEnv: (name) => {
    const value = process.env[name];
    delete process.env[name];
    return value;
  },
  hostname: () => os.hostname(),
  uid: process.geteuid?.() ?? 0,
  gid: process.getegid?.() ?? 0,
  pid: process.pid,
  homeDirectory: () => os.homedir(),
  temporaryDirectory: () => os.tmpdir(),
  workingDirectory: () => process.cwd(),
  selfCommand: (): readonly string[] => [process.execPath, ...(isSingleFile() ? [] : process.argv.slice(1, 2))],
  cpuCount: () => os.availableParallelism(),
  totalMemoryBytes: () => os.totalmem(),
  architecture: () => process.arch,
  randomBytes: (count) => randomBytes(count),
};

/** The real machine. */
export const nodeHost: Host = { ...nodeFiles, ...nodeHeldPaths, ...nodeProcesses, ...nodeNetwork, ...machine };
