import type { AgentSettings } from './settings.ts';

/** What a configuration that was read again changes. */
export type ReloadPlan = {
  /** What the agent goes on with. */
  readonly settings: AgentSettings;
  /** Settings that take effect now, by name. */
  readonly changed: readonly string[];
  /** Settings that keep their old value until the agent is started again. */
  readonly needRestart: readonly string[];
};

/** Under another name or in another runtime every pod would be another one. */
const fixed: readonly (keyof AgentSettings)[] = ['nodeName', 'runtime'];

/** Compares the settings that hold with those that are wanted now. */
export function planReload(before: AgentSettings, wanted: AgentSettings): ReloadPlan {
  const names = Object.keys({ ...before, ...wanted }) as readonly (keyof AgentSettings)[];
  const differing = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(wanted[name]));
  const kept = Object.fromEntries(fixed.map((name) => [name, before[name]]));
  return {
    settings: { ...wanted, ...kept },
    changed: differing.filter((name) => !fixed.includes(name)),
    needRestart: fixed.filter((name) => differing.includes(name)),
  };
}
