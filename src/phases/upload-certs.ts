import { applyObjects, untilAnswered } from '../cluster/apply-objects.ts';
import {
  certificatesAccess,
  certificatesLifeMs,
  certificatesSecret,
  certificatesSecretPath,
  holds,
  lifeToken,
  type SharedFiles,
  sharedFilePaths,
} from '../cluster/certificates-secret.ts';
import { listTokens, secretsPath, tokenSecret, tokenSecretName } from '../cluster/tokens.ts';
import { type ApiObject, fieldManager } from '../cluster/wanted-object.ts';
import { randomToken } from '../config/detect.ts';
import type { KubeClient } from '../kube/client.ts';
import { limits, openCluster } from './cluster-client.ts';
import type { InitContext } from './context.ts';
import type { Phase } from './phase.ts';
import { reportObject } from './standing-phase.ts';

/** Puts what control plane members share, encrypted, into a Secret that goes after two hours. */
export const uploadCertsPhase: Phase<InitContext> = {
  name: 'upload-certs',
  summary: 'put the shared certificates, encrypted, into the Secret kubeadm-certs for two hours',
  skip: ({ joining }) => (joining.uploadCerts ? undefined : 'only with --upload-certs'),
  run: async (context) => {
    const client = await openCluster(context);
    const [because, access] = await Promise.all([
      untilAnswered(() => upload(context, client), 'the Secret kubeadm-certs', limits(context)),
      applyObjects(client, certificatesAccess(), limits(context)),
    ]);
    const item = 'Secret kube-system/kubeadm-certs';
    context.report.item(
      because === undefined ? { item, action: 'keep', because: 'holds the same' } : { item, ...because },
    );
    for (const one of access) reportObject(context, one);
  },
};

/** What was done and why; undefined when the Secret holds these files for this key already. */
async function upload(
  context: InitContext,
  client: KubeClient,
): Promise<{ readonly action: string; readonly because: string } | undefined> {
  const { host, clock } = context;
  const key = Buffer.from(context.joining.certificateKey, 'hex');
  const [files, live] = await Promise.all([readShared(context), client.get<ApiObject>(certificatesSecretPath)]);
  if (live !== undefined && holds(live, files, key) && (await livesOn(context, client, live))) return undefined;
  const token = lifeToken(randomToken(host));
  const owner = await client.createObject<ApiObject>(secretsPath, tokenSecret(token, clock.now()), { fieldManager });
  // An owner cannot be changed for another: the old Secret goes first.
  if (live !== undefined) await client.remove(certificatesSecretPath);
  const object = certificatesSecret({
    files,
    key,
    owner: { name: tokenSecretName(token.token.slice(0, 6)), uid: String(owner.metadata.uid ?? '') },
    nonce: () => host.randomBytes(12),
  });
  await client.patch(certificatesSecretPath, object, { type: 'apply', fieldManager, force: true });
  if (live === undefined) return { action: 'create', because: 'is not there' };
  return { action: 'update', because: 'certificates or key are others, or it ends soon' };
}

/** Whether the token that the Secret ends with has at least half of its life before it. */
async function livesOn({ clock }: InitContext, client: KubeClient, secret: ApiObject): Promise<boolean> {
  const { tokens } = await listTokens(client);
  const owners = JSON.stringify(secret.metadata.ownerReferences ?? []);
  const owner = tokens.find(({ id }) => owners.includes(`"${tokenSecretName(id)}"`));
  return owner?.expiresMs !== undefined && owner.expiresMs - clock.now() >= certificatesLifeMs / 2;
}

async function readShared({ host, config, paths }: InitContext): Promise<SharedFiles> {
  const entries = Object.entries(sharedFilePaths(config, paths)).map(async ([name, path]) => {
    return [name, path === '' ? undefined : await host.readText(path)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
