import { dirname } from 'node:path';
import { OperationError } from '../../base/errors.ts';
import { findStored } from '../images/store.ts';
import { labels } from '../labels.ts';
import type { ContainerConfig, SandboxConfig } from '../runtime.ts';
import { type ProcessContext, stateOf } from './context.ts';
import { helperScript } from './launch.ts';
import { type Prepared, prepare } from './prepare.ts';
import { type ContainerRecord, containerId } from './records.ts';
import { planNotes } from './refusals.ts';
import { decodeIdentity, startLimitMs } from './state.ts';

/**
 * Makes the container and starts its program under a helper; nothing happens when that attempt has been started before.
 * Resolves with the id as soon as the program's pid is on record. Throws OperationError when it cannot be started.
 */
export async function startContainer(
  context: ProcessContext,
  at: { readonly sandboxId: string; readonly sandbox: SandboxConfig; readonly config: ContainerConfig },
): Promise<string> {
  const id = containerId(at.sandbox.pod, at.config.name, at.config.attempt);
  const existing = await context.memory.record(id);
  if (existing === undefined) await create(context, id, at);
  else if ((await stateOf(context, existing)).is !== 'created') return id;
  await launch(context, id, at.config);
  await checkOomScore(context, id, at.config);
  return id;
}

async function create(
  context: ProcessContext,
  id: string,
  at: { readonly sandboxId: string; readonly sandbox: SandboxConfig; readonly config: ContainerConfig },
): Promise<void> {
  const { host, paths, clock } = context;
  const { sandbox, config } = at;
  const image = await storedImage(context, config);
  const record: ContainerRecord = {
    id,
    sandboxId: at.sandboxId,
    pod: sandbox.pod,
    hostname: sandbox.hostname || host.hostname(),
    config: { ...config, labels: { ...config.labels, [labels.owner]: context.owner } },
    imageId: image.id,
    stopSignal: config.stopSignal ?? image.config.stopSignal ?? 'SIGTERM',
    createdAtMs: clock.now(),
    bootId: await context.bootId(),
  };
  const prepared = await prepare(host, { record, image });
  sayNotes(context, at, prepared, image.config.user);
  const { pod } = sandbox;
  const script = helperScript(
    {
      ...prepared,
      title: `container ${config.name} of ${pod.namespace}/${pod.name}, attempt ${config.attempt}`,
      exitFile: paths.exit(id),
      oomScoreAdj: config.resources.oomScoreAdj,
    },
    await context.tools(),
  );
  await host.makeDirectory(paths.exits, { mode: 0o700 });
  // Left from a container of the same name that was removed.
  await host.remove(paths.exit(id));
  await host.makeDirectory(paths.container(id), { mode: 0o700 });
  await makeLog(context, config, prepared);
  await host.writeFile(paths.file(id, 'run'), script, { mode: 0o600 });
  await host.writeFile(paths.file(id, 'config.json'), JSON.stringify(record), { mode: 0o600 });
}

async function launch(context: ProcessContext, id: string, config: ContainerConfig): Promise<void> {
  const { host, paths, clock } = context;
  const { sh } = await context.tools();
  const deadline = clock.now() + startLimitMs;
  let wake = () => {};
  const close = host.watch(
    paths.container(id),
    () => wake(),
    () => {},
  );
  try {
    // The container's own environment is in the script: the helper must not be bent by it.
    await host.spawnDetached(sh, ['run'], { cwd: paths.container(id), env: {}, output: config.logPath });
    while (!(await isStarted(context, id))) {
      if (clock.now() > deadline) throw new OperationError(`container ${config.name} did not start: ${sh} left no pid`);
      await new Promise<void>((resolve) => {
        const cancel = clock.after(100, () => wake());
        wake = () => {
          cancel();
          resolve();
        };
      });
    }
  } finally {
    close();
  }
}

/** A score below the agent's own needs CAP_SYS_RESOURCE; without it the program runs all the same. */
async function checkOomScore(
  { host, paths, warn }: ProcessContext,
  id: string,
  config: ContainerConfig,
): Promise<void> {
  const wanted = config.resources.oomScoreAdj;
  const program = decodeIdentity(await host.readText(paths.file(id, 'pid')));
  const actual = program && (await host.readText(`/proc/${program.pid}/oom_score_adj`).catch(() => undefined));
  if (actual !== undefined && wanted < 0 && Number(actual) > wanted) {
    warn('this host does not let us lower oom_score_adj: the process runtime leaves it as it is');
  }
}

async function isStarted({ host, paths }: ProcessContext, id: string): Promise<boolean> {
  return (await host.stat(paths.file(id, 'pid'))) !== undefined || (await host.stat(paths.exit(id))) !== undefined;
}

/** The log is made beforehand so that a program of another user can open its own /dev/stdout. */
async function makeLog({ host }: ProcessContext, config: ContainerConfig, { runAs }: Prepared): Promise<void> {
  await host.makeDirectory(dirname(config.logPath), { mode: 0o755 });
  if (runAs === undefined) return;
  const made = await host.createFile(config.logPath, '', { mode: 0o600, uid: runAs.uid, gid: runAs.gid });
  if (!made) await host.setOwner(config.logPath, runAs.uid, runAs.gid);
}

async function storedImage({ host, storeDir }: ProcessContext, config: ContainerConfig) {
  const image = await findStored(host, storeDir, config.imageId || config.image);
  if (image !== undefined) return image;
  throw new OperationError(`image ${config.image} is not in the image store ${storeDir}`, {
    hint: `bootstrap images pull ${config.image}, or bootstrap images import ARCHIVE`,
  });
}

function sayNotes(
  { host, warn }: ProcessContext,
  at: { readonly sandbox: SandboxConfig; readonly config: ContainerConfig },
  { runAs }: Prepared,
  imageUser: string,
): void {
  for (const note of planNotes(at.config, at.sandbox)) warn(note);
  if (
    host.uid !== 0 &&
    runAs === undefined &&
    !['', '0', 'root', String(host.uid)].includes(imageUser.split(':')[0] ?? '')
  ) {
    warn(`images that name a user of their own run as user ${host.uid}: the agent does not run as root`);
  }
}
