import { ownVersion } from '../host/own-version.ts';
import { releaseVersion } from '../kube/version.ts';
import type { CommandRun } from './command.ts';

/** Our version, the Kubernetes version that this release is made for, and the Node that runs it. */
export const run: CommandRun = async (context, { common }) => {
  const version = {
    bootstrap: await ownVersion(context.host),
    kubernetes: releaseVersion,
    node: process.version,
    platform: `linux/${context.host.architecture()}`,
  };
  const text = Object.entries(version).map(([name, value]) => `${name.padEnd(12)}${value}\n`);
  context.stdout.write(common.output === 'text' ? text.join('') : `${JSON.stringify(version)}\n`);
  return 0;
};
