import { labels } from '../labels.ts';
import type { SandboxConfig } from '../runtime.ts';
import type { ProcessContext } from './context.ts';
import { readSandbox, type SandboxRecord, sandboxId } from './records.ts';

/** A sandbox is a record and no more; gives its id, also when it has been made before. */
export async function createSandbox(context: ProcessContext, config: SandboxConfig): Promise<string> {
  const { host, paths, clock, owner } = context;
  const id = sandboxId(config.pod, config.attempt);
  if ((await readSandbox(host, paths.sandbox(id))) !== undefined) return id;
  await host.makeDirectory(paths.sandboxes, { mode: 0o700 });
  await host.makeDirectory(config.logDirectory, { mode: 0o755 });
  await writeSandbox(context, {
    id,
    config: { ...config, labels: { ...config.labels, [labels.owner]: owner } },
    createdAtMs: clock.now(),
    bootId: await context.bootId(),
    stopped: false,
  });
  return id;
}

export async function writeSandbox({ host, paths }: ProcessContext, record: SandboxRecord): Promise<void> {
  await host.writeFile(paths.sandbox(record.id), JSON.stringify(record), { mode: 0o600 });
}
