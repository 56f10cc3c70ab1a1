import { canonicalJson } from '../../base/hash.ts';
import type { Paths } from '../../config/paths.ts';
import type { Config } from '../../config/types.ts';
import { toYaml } from '../../kube/yaml.ts';
import { agentConfigurationOf } from '../../phases/agent-configuration.ts';
import type { AgentDoor } from '../../phases/context.ts';
import type { NewFile } from '../../rollout/apply/issue-anew.ts';
import { diffConfigurations } from '../../rollout/plan/configuration-differences.ts';
import { differenceText } from '../../rollout/revisions/revision-differences.ts';
import type { Change, RuntimeMove } from '../../rollout/types.ts';

/**
 * agent.yaml as the configuration asks for it, when another one is there; undefined when that one is right. The runtime of
 * a plane stays what it is, unless its pods move.
 */
export function planAgentSettings(input: {
  readonly present: Awaited<ReturnType<AgentDoor['configuration']>>;
  readonly config: Config;
  readonly paths: Paths;
  /** The configuration is the one that it was written by. */
  readonly sameInput: boolean;
  readonly move?: RuntimeMove | undefined;
}): { readonly file: NewFile; readonly change: Change } | undefined {
  const { present, config, paths, sameInput, move } = input;
  const { type, endpoint } = present?.runtime ?? {};
  if (type === undefined || type === 'auto') return undefined;
  const runtime = { endpoint: undefined, ...(move?.to ?? { type, endpoint }) };
  const wanted = agentConfigurationOf({ config, paths, runtime });
  if (canonicalJson(present) === canonicalJson(wanted)) return undefined;
  const data = toYaml(wanted);
  const fields = diffConfigurations(toYaml(present), data).map((difference) =>
    differenceText({ ...difference, name: difference.name.replace(/^\S+ /, '') }),
  );
  return {
    file: { path: paths.agentConfig, data, mode: 0o600 },
    change: {
      what: 'file',
      name: paths.agentConfig,
      because: `${fields.join(', ')}; the agent starts again for that, pods ${move === undefined ? 'stay' : 'move one by one'}`,
      cause: sameInput ? 'hand edit' : 'configuration',
    },
  };
}
