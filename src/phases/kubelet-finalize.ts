import { join } from 'node:path';
import { sleep } from '../base/clock.ts';
import { isMapping } from '../config/decode.ts';
import { parseJsonOrYaml, toYaml } from '../kube/yaml.ts';
import { extraArg } from '../manifests/component.ts';
import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';

const lookEveryMs = 25;
const shortlyMs = 3_000;

/** Lets kubelet.conf follow the client certificate that the agent, or a kubelet, rotates. */
export const kubeletFinalizePhase: Phase<InitContext> = {
  name: 'kubelet-finalize',
  summary: 'let kubelet.conf follow the rotated client certificate',
  phases: [
    {
      name: 'enable-client-cert-rotation',
      summary: 'the same, by its name in kubeadm',
      skip: ({ dryRun }) => (dryRun ? 'a dry run starts nobody who has a certificate rotated' : undefined),
      run: followRotation,
    },
  ],
};

async function followRotation(context: InitContext): Promise<void> {
  const { host, config, paths, report } = context;
  const { kubeletExtraArgs } = config.init.nodeRegistration;
  const directory = extraArg(kubeletExtraArgs, 'cert-dir') ?? join(paths.kubeletDir, 'pki');
  const rotated = join(directory, 'kubelet-client-current.pem');
  const tell = (action: string, because: string) => report.item({ item: 'kubelet.conf', action, because });
  if (!(await appears(context, rotated))) return tell('keep', 'its certificate has not been rotated yet');
  const text = await host.readText(paths.kubeletConf);
  if (text === undefined) return tell('skip', `${paths.kubeletConf} is not there`);
  const pointed = pointedAt(text, rotated);
  if (pointed === undefined) return tell('keep', `points at ${rotated}`);
  await host.writeFile(paths.kubeletConf, pointed, { mode: 0o600 });
  tell('update', `points at ${rotated}, which is rotated`);
}

/** Our agent puts its certificate there within moments after it was let in; a kubelet may have done so long ago, or never. */
async function appears({ host, clock, signal, agent }: InitContext, file: string): Promise<boolean> {
  const untilMs = (await agent.configuration())?.rotateCertificates === true ? clock.now() + shortlyMs : 0;
  for (;;) {
    if ((await host.stat(file)) !== undefined) return true;
    signal.throwIfAborted();
    if (clock.now() >= untilMs) return false;
    await sleep(clock, lookEveryMs, signal);
  }
}

/** A kubeconfig whose users have their certificate and key in that file; undefined when it is so already, or is no kubeconfig. */
export function pointedAt(text: string, file: string): string | undefined {
  const kubeconfig = parseJsonOrYaml(text);
  if (!isMapping(kubeconfig) || !Array.isArray(kubeconfig.users)) return undefined;
  const users = kubeconfig.users.map((entry: unknown) => {
    if (!isMapping(entry) || !isMapping(entry.user)) return entry;
    const { 'client-certificate-data': _certificate, 'client-key-data': _key, ...user } = entry.user;
    return { ...entry, user: { ...user, 'client-certificate': file, 'client-key': file } };
  });
  const made = toYaml({ ...kubeconfig, users });
  return made === toYaml(kubeconfig) ? undefined : made;
}
