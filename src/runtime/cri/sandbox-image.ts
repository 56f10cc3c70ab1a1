import { messageOf, OperationError } from '../../base/errors.ts';
import type { CriContext } from './context.ts';
import { CriError } from './cri-error.ts';
import type { CriFacts } from './facts.ts';
import { findImage, pullImage, runCtr } from './images.ts';

/**
 * Sees that the image is there that the runtime itself makes sandboxes from: containerd is told in its own
 * configuration, and would pull it for as long as it likes. Where it cannot be pulled, `ours` gets its name: one pause
 * program does what another does.
 */
export async function provideSandboxImage(
  context: CriContext,
  facts: Pick<CriFacts, 'sandboxImage' | 'hasMirrors'>,
  ours: string,
): Promise<void> {
  const { client, warn } = context;
  const { sandboxImage: wanted } = facts;
  if (wanted === undefined || wanted === ours || (await findImage(client, wanted)) !== undefined) return;
  try {
    await pullImage(context, facts, { reference: wanted });
  } catch (thrown) {
    if ((await findImage(client, ours)) === undefined) throw absent(wanted, thrown);
    await runCtr(context, `cannot name ${ours} ${wanted}`, ['images', 'tag', ours, wanted]).catch((cause: unknown) => {
      throw absent(wanted, cause);
    });
    warn(`the runtime's sandbox image ${wanted} cannot be had (${messageOf(thrown)}): ${ours} has that name too now`);
  }
}

/** The image that a sandbox could not be made for the want of (containerd 2, internal/cri/server/sandbox_run.go). */
export function sandboxImageIn(thrown: unknown): string | undefined {
  if (!(thrown instanceof CriError)) return undefined;
  return /failed to (?:get sandbox|pull|get) image "([^"]+)"/.exec(thrown.message)?.[1];
}

function absent(wanted: string, cause: unknown): OperationError {
  return new OperationError(`the runtime's sandbox image ${wanted} is not here: ${messageOf(cause)}`, {
    hint: 'load an archive of it: bootstrap images import FILE, or name one that is here as sandbox_image in /etc/containerd/config.toml',
  });
}
