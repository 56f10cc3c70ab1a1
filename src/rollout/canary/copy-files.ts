import { basename, join } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { HostFiles } from '../../host/host.ts';
import type { Pod } from '../../kube/types.ts';
import { commandOf, flagValue } from '../../manifests/command-line.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { onHost } from '../plan/file-flags.ts';
import { copyKubeconfig, copySchedulerConfig, schedulerKubeconfig } from './copy-kubeconfig.ts';
import { type Scratch, scratchOf, scratchServer } from './scratch.ts';

/** Flags whose kubeconfig says whom a component acts on. */
const kubeconfigFlags = ['--kubeconfig', '--authentication-kubeconfig', '--authorization-kubeconfig'] as const;
/** Events of what canaries do are nobody's business. */
const auditFlag = '--audit-webhook-config-file';

export type CopyInput = {
  readonly host: Pick<HostFiles, 'readText' | 'createFile'>;
  readonly component: ComponentName;
  readonly pod: Pod;
  readonly scratch: Scratch;
};

/** Files in place of others, by the path that the component is told; `problem`: why it cannot even be tried. */
export type Copies = { readonly files: ReadonlyMap<string, string>; readonly problem?: string };

/** Writes private copies of the files that name an API server, with the canaries' in its place. */
export async function copyFiles(input: CopyInput): Promise<Copies> {
  const { component, scratch } = input;
  const line = commandOf(input.pod);
  const server = scratchServer(scratch);
  const files = new Map<string, string>();
  const kubeconfig = async (path: string, at: string) => files.set(path, await copyOne(input, path, at));
  try {
    if (component === 'kube-apiserver') {
      const path = flagValue(line, auditFlag);
      if (path) await kubeconfig(path, `https://127.0.0.1:${scratch.ports.closed}`);
      return { files };
    }
    if (component === 'etcd') return { files };
    const config = component === 'kube-scheduler' ? flagValue(line, '--config') : undefined;
    const text = config && (await input.host.readText(onHost(input.pod, config)));
    const named = text ? schedulerKubeconfig(text) : undefined;
    for (const path of new Set([...kubeconfigFlags.map((flag) => flagValue(line, flag)), named])) {
      if (path) await kubeconfig(path, server);
    }
    if (config && text && named !== undefined) {
      const copy = copySchedulerConfig(text, files.get(named) ?? named);
      if (copy !== undefined) files.set(config, await write(input, config, copy));
    }
    return { files };
  } catch (thrown) {
    return { files, problem: messageOf(thrown) };
  }
}

async function copyOne(input: CopyInput, path: string, server: string): Promise<string> {
  const { host, pod, scratch } = input;
  const text = await host.readText(scratch.files.get(path) ?? onHost(pod, path));
  if (text === undefined) throw new Error(`open ${path}: no such file or directory`);
  return write(input, path, copyKubeconfig(text, { path, server }));
}

async function write({ host, component, scratch }: CopyInput, path: string, text: string): Promise<string> {
  const copy = join(
    scratchOf(scratch, component),
    `copy-of-${path.split('/').filter(Boolean).slice(0, -1).join('-')}-${basename(path)}`,
  );
  await host.createFile(copy, text, { mode: 0o600 });
  return copy;
}
