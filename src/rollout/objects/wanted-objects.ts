import { readStandingInput, standingObjects } from '../../cluster/standing-objects.ts';
import type { WantedObject } from '../../cluster/wanted-object.ts';
import type { HostFiles } from '../../host/host.ts';

type Input = Parameters<typeof readStandingInput>[1];

/** What a configuration wants in the cluster; undefined where no admin.conf says how the cluster is reached. */
export async function wantedObjects(
  host: Parameters<typeof readStandingInput>[0] & Pick<HostFiles, 'stat'>,
  input: Input,
): Promise<readonly WantedObject[] | undefined> {
  if ((await host.stat(input.paths.adminConf)) === undefined) return undefined;
  return standingObjects(await readStandingInput(host, input));
}
