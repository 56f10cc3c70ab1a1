import { join } from 'node:path';
import type { Host } from '../../host/host.ts';
import type { RuntimeType } from '../../runtime/runtime.ts';

/** The container runtime that the pods of a root directory are in. */
export type LastRuntime = { readonly type: RuntimeType; readonly endpoint: string | undefined };

/**
 * Remembers in `<stateDir>/runtime` what the agent runs its pods with, so that `auto` means the same again though the
 * engine may come up later than the agent, and `status` finds the containers without an agent.
 */
export async function noteRuntime(
  host: Pick<Host, 'readText' | 'writeFile' | 'makeDirectory'>,
  stateDir: string,
  { type, endpoint }: LastRuntime,
): Promise<void> {
  const text = `${[type, endpoint].filter((part) => part !== undefined).join(' ')}\n`;
  if ((await host.readText(fileOf(stateDir))) === text) return;
  await host.makeDirectory(stateDir, { mode: 0o700 });
  await host.writeFile(fileOf(stateDir), text, { mode: 0o600 });
}

/** Undefined when no agent has run for this root directory yet. */
export async function lastRuntime(host: Pick<Host, 'readText'>, stateDir: string): Promise<LastRuntime | undefined> {
  const [, type, endpoint] =
    /^(docker|cri|process)(?: (\S+))?\n$/.exec((await host.readText(fileOf(stateDir))) ?? '') ?? [];
  return type === undefined ? undefined : { type: type as RuntimeType, endpoint };
}

function fileOf(stateDir: string): string {
  return join(stateDir, 'runtime');
}
