import { join } from 'node:path';
import { imagesOf } from '../../config/images.ts';
import type { Pod } from '../../kube/types.ts';
import { commandOf } from '../../manifests/command-line.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { createKeySource } from '../../pki/keys.ts';
import type { RolloutContext } from '../apply/context.ts';
import { issueAnew, type NewFile } from '../apply/issue-anew.ts';
import type { RolloutPlan } from '../types.ts';
import type { CanarySpec } from './canary.ts';
import { copyFiles } from './copy-files.ts';
import { serverOf } from './plan-trials.ts';
import { rewritePod } from './rewrite-pod.ts';
import { type Scratch, type ScratchPorts, scratchOf } from './scratch.ts';

export type Prepared = { readonly spec: CanarySpec; readonly problem?: string };

type Common = {
  readonly context: RolloutContext;
  readonly ports: ScratchPorts;
  readonly etcdScheme: Scratch['etcdScheme'];
  readonly issued: readonly NewFile[];
};

/** Certificates and kubeconfigs that the change is to issue, issued for the canaries alone. */
export function issueForCanaries(
  { host, config, paths, clock }: RolloutContext,
  { reissue }: RolloutPlan,
): Promise<readonly NewFile[]> {
  const keys = createKeySource(config.cluster.encryptionAlgorithm, host.cpuCount());
  return issueAnew(reissue, { host, config, paths, now: clock.now(), keys });
}

/** Writes what one canary reads in place of the real files, and makes its pod. */
export async function prepareCanary(component: ComponentName, pod: Pod, common: Common): Promise<Prepared> {
  const { context, ports, etcdScheme, issued } = common;
  const { directory, host } = context.canary;
  const empty: Scratch = { directory, ports, etcdScheme, addresses: addressesOf(context), files: new Map() };
  await makeDirectories(context, component, pod);
  const files = await writeIssued(context, { component, pod, issued, scratch: empty });
  const owner = ownerOf(pod);
  const copies = await copyFiles({
    host: {
      readText: (path) => host.readText(path),
      createFile: (path, data, more) => host.createFile(path, data, { ...more, ...owner }),
    },
    component,
    pod,
    scratch: { ...empty, files },
  });
  const scratch: Scratch = { ...empty, files: new Map([...files, ...copies.files]) };
  const rewritten = rewritePod(component, pod, { scratch, missing: await missingPaths(context, pod) });
  const server = serverOf[component];
  const spec: CanarySpec = {
    ...rewritten,
    component,
    uid: `canary-${Buffer.from(host.randomBytes(8)).toString('hex')}`,
    serverPort: server === undefined ? undefined : server === 'etcd' ? ports.etcdClient : ports.apiServer,
    names: namesOf(rewritten.changes, scratch.files),
  };
  return { spec, ...(copies.problem !== undefined && { problem: copies.problem }) };
}

/**
 * An etcd without certificates for an API server whose own is elsewhere; undefined when its image is not on this machine
 * already.
 */
export async function standInEtcd({ config, canary }: RolloutContext, apiServer: Pod): Promise<Pod | undefined> {
  const local = {
    imageRepository: undefined,
    imageTag: undefined,
    dataDir: '',
    extraArgs: [],
    extraEnvs: [],
    serverCertSANs: [],
    peerCertSANs: [],
  };
  const image = imagesOf({ ...config, cluster: { ...config.cluster, etcd: { local } } }).etcd ?? '';
  const [main] = apiServer.spec.containers;
  if (main === undefined || (await (await canary.runtime()).findImage(image)) === undefined) return undefined;
  const { env: _env, args: _args, volumeMounts: _mounts, ...rest } = main;
  const container = { ...rest, name: 'etcd', image, command: ['etcd', '--name=canary'] };
  return { ...apiServer, spec: { ...apiServer.spec, containers: [container], volumes: [] } };
}

/** Of etcd's clients, by what etcd is told. */
export function schemeOf(etcd: Pod | undefined): Scratch['etcdScheme'] {
  const [url = 'http:'] = (etcd && commandOf(etcd).flags.get('--listen-client-urls')) ?? [];
  return url.startsWith('https:') ? 'https' : 'http';
}

async function makeDirectories({ canary }: RolloutContext, component: ComponentName, pod: Pod): Promise<void> {
  const { host } = canary;
  const own = scratchOf(canary, component);
  const owner = ownerOf(pod);
  for (const path of [own, join(own, 'issued'), join(own, 'volumes')]) {
    await host.makeDirectory(path, { mode: 0o700 });
    if (owner !== undefined) await host.setOwner(path, owner.uid, owner.gid);
  }
}

async function writeIssued(
  { canary: { host } }: RolloutContext,
  input: {
    readonly component: ComponentName;
    readonly pod: Pod;
    readonly issued: readonly NewFile[];
    readonly scratch: Scratch;
  },
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const { path, data } of input.issued) {
    const copy = join(scratchOf(input.scratch, input.component), 'issued', path.split('/').filter(Boolean).join('-'));
    await host.createFile(copy, data, { mode: 0o600, ...ownerOf(input.pod) });
    files.set(path, copy);
  }
  return files;
}

/** A program that is not root's must read and write what is made for it. */
function ownerOf({ spec }: Pod): { readonly uid: number; readonly gid: number } | undefined {
  const own = spec.containers[0]?.securityContext;
  const uid = own?.runAsUser ?? spec.securityContext.runAsUser;
  if (uid === undefined || uid === 0) return undefined;
  return { uid, gid: own?.runAsGroup ?? spec.securityContext.runAsGroup ?? uid };
}

/** Why a program cannot get at the scratch directory, whose parents are root's alone. */
export function unreachable({ spec }: Pod, isProcess: boolean): string | undefined {
  const owner = ownerOf({ spec } as Pod);
  return isProcess && owner !== undefined
    ? `it runs as user ${owner.uid}, who cannot reach the scratch directory`
    : undefined;
}

async function missingPaths({ host }: RolloutContext, { spec }: Pod): Promise<ReadonlySet<string>> {
  const paths = (spec.volumes ?? []).flatMap(({ hostPath }) => hostPath?.path ?? []);
  const found = await Promise.all(paths.map(async (path) => [path, await host.stat(path)] as const));
  return new Set(found.flatMap(([path, info]) => (info === undefined ? [path] : [])));
}

function addressesOf({ host }: RolloutContext): readonly string[] {
  return ['127.0.0.1', '::1', ...host.addresses().map(({ address }) => address)];
}

function namesOf(changes: CanarySpec['changes'], files: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const moved = changes.flatMap(({ from, to }) =>
    from?.startsWith('/') && to?.startsWith('/') ? [[to, from] as const] : [],
  );
  return new Map([...[...files].map(([path, copy]) => [copy, path] as const), ...moved]);
}
