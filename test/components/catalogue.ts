import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from './image-archive.ts';

/** Each set contains those before it: what `npm run up` needs, what the end-to-end tests need, everything. */
export const componentSets = ['control-plane', 'test', 'all'] as const;
export type ComponentSet = (typeof componentSets)[number];

export type Program = { readonly name: string; readonly package: string; readonly set: ComponentSet };

/** Programs of one Go module, built by one go command so that what they share is compiled once. */
export type Family = {
  readonly name: string;
  readonly version: string;
  readonly moduleDirectory: string;
  /** Directory below the cache's bin/. */
  readonly bin: string;
  readonly buildFlags: readonly string[];
  /** On two cores with nothing in Go's cache; only used to say what to expect. */
  readonly expectedSeconds: Readonly<Partial<Record<ComponentSet, number>>>;
  readonly programs: readonly Program[];
};

export type Image = {
  readonly name: string;
  readonly reference: string;
  readonly set: ComponentSet;
  readonly family: Family;
  /** Program name to path in the image. */
  readonly programs: Readonly<Record<string, string>>;
  readonly config: ImageConfig;
  /** Programs with this get the file capability cap_net_bind_service, as upstream's build sets it. */
  readonly bindsLowPorts?: boolean;
  /** The distribution's nft and iptables programs are added. */
  readonly packetFilters?: boolean;
  /** This machine's static busybox is added, with a link for each of its programs. */
  readonly shell?: boolean;
};

type KubernetesRelease = {
  readonly version: string;
  readonly released: string;
  /** The release whose source it is made from, when that is another one. */
  readonly source?: string;
  /** The set of all its programs; then only those of a control plane. */
  readonly set?: ComponentSet;
};

/**
 * One line more here, then `node test/components/make-kubernetes-module.ts VERSION`, makes another release. The first is
 * the default. The second is the same source under an older patch version, which its build metadata says: a change of
 * version needs two, and this one costs linking alone, where another source is compiled for minutes.
 */
const kubernetesReleases: readonly KubernetesRelease[] = [
  { version: 'v1.37.2', released: '2026-10-27T12:01:04Z' },
  { version: 'v1.37.1+from-v1.37.2', released: '2026-10-27T12:01:04Z', source: 'v1.37.2', set: 'test' },
  { version: 'v1.36.3', released: '2026-07-22T18:07:38Z', set: 'all' },
];

const modulesDirectory = join(import.meta.dirname, 'modules');
const strip = '-s -w';
const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const pause: Family = {
  name: 'pause',
  version: '3.10.2',
  moduleDirectory: join(modulesDirectory, 'pause'),
  bin: 'pause-3.10.2',
  buildFlags: [`-ldflags=${strip}`],
  expectedSeconds: { 'control-plane': 10 },
  programs: [{ name: 'pause', package: '.', set: 'control-plane' }],
};

const etcd: Family = {
  name: 'etcd',
  version: 'v3.7.0',
  moduleDirectory: join(modulesDirectory, 'etcd-v3.7.0'),
  bin: 'etcd-v3.7.0',
  buildFlags: [`-ldflags=${strip}`],
  expectedSeconds: { 'control-plane': 40 },
  programs: [
    { name: 'etcd', package: 'go.etcd.io/etcd/server/v3', set: 'control-plane' },
    { name: 'etcdctl', package: 'go.etcd.io/etcd/etcdctl/v3', set: 'control-plane' },
    { name: 'etcdutl', package: 'go.etcd.io/etcd/etcdutl/v3', set: 'control-plane' },
  ],
};

const coredns: Family = {
  name: 'coredns',
  version: 'v1.14.6',
  moduleDirectory: join(modulesDirectory, 'coredns-v1.14.6'),
  bin: 'coredns-v1.14.6',
  buildFlags: ['-tags=grpcnotrace', `-ldflags=${strip}`],
  expectedSeconds: { test: 165 },
  programs: [{ name: 'coredns', package: 'github.com/coredns/coredns', set: 'test' }],
};

/** The program that upstream's own end-to-end tests run in their pods; versioned by itself (test/images/agnhost/VERSION). */
const agnhost: Family = {
  name: 'agnhost',
  version: '2.66.1',
  moduleDirectory: join(modulesDirectory, 'agnhost-2.66.1'),
  bin: 'agnhost-2.66.1',
  // As those of Kubernetes, so that Go's cache has most of it already.
  buildFlags: ['-tags=selinux,notest,grpcnotrace', `-ldflags=${strip}`],
  expectedSeconds: { test: 30 },
  programs: [{ name: 'agnhost', package: 'k8s.io/kubernetes/test/images/agnhost', set: 'test' }],
};

function kubernetesFamily(release: KubernetesRelease): Family {
  const { version, source = version } = release;
  const program = (name: string, set: ComponentSet, from = `k8s.io/kubernetes/cmd/${name}`): Program => {
    return { name, package: from, set: release.set ?? set };
  };
  const moduleDirectory = kubernetesModuleDirectory(source);
  const controlPlane = [
    program('kube-apiserver', 'control-plane'),
    program('kube-controller-manager', 'control-plane'),
    program('kube-scheduler', 'control-plane'),
    program('kube-log-runner', 'control-plane', 'k8s.io/component-base/logs/kube-log-runner'),
  ];
  const others = [
    program('kubectl', 'control-plane'),
    program('kubeadm', 'test'),
    program('kubelet', 'test'),
    program('kube-proxy', 'test'),
  ];
  return {
    name: 'kubernetes',
    version,
    moduleDirectory,
    bin: version,
    // The tags and linker flags of upstream's hack/lib/golang.sh.
    buildFlags: ['-tags=selinux,notest,grpcnotrace', `-ldflags=${strip} ${versionFlags(release, moduleDirectory)}`],
    expectedSeconds: source === version ? { 'control-plane': 450, test: 90, all: 400 } : { test: 40 },
    programs: release.set === undefined ? [...controlPlane, ...others] : controlPlane,
  };
}

export function kubernetesModuleDirectory(version: string): string {
  return join(modulesDirectory, `kubernetes-${version}`);
}

function versionFlags({ version, source = version, released }: KubernetesRelease, moduleDirectory: string): string {
  const [major, minor] = version.slice(1).split('.');
  const values = {
    gitVersion: version,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'archive',
    gitCommit: sourceChecksum(source, moduleDirectory),
    buildDate: released,
  };
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  return packages
    .flatMap((name) => Object.entries(values).map(([key, value]) => `-X ${name}.${key}=${value}`))
    .join(' ');
}

/** A Go module carries no commit: what identifies its source is the checksum in go.sum, given here in hex. */
function sourceChecksum(version: string, moduleDirectory: string): string {
  const sumFile = join(moduleDirectory, 'go.sum');
  const sums = existsSync(sumFile) ? readFileSync(sumFile, 'utf8') : '';
  const sum = sums.split('\n').find((line) => line.startsWith(`k8s.io/kubernetes ${version} h1:`));
  return Buffer.from(sum?.split('h1:')[1] ?? '', 'base64').toString('hex');
}

function kubernetesImages(family: Family): Image[] {
  const names = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'];
  const built = names.filter((name) => family.programs.some((program) => program.name === name));
  return built.map((name) => ({
    name,
    // As kubeadm makes a tag of a version (util/version.go KubernetesVersionToImageTag).
    reference: `registry.k8s.io/${name}:${family.version.replaceAll('+', '_')}`,
    set: setOf(family, name),
    family,
    programs: { [name]: `usr/local/bin/${name}`, 'kube-log-runner': 'go-runner' },
    config: { Entrypoint: ['/go-runner'], Env: [path], WorkingDir: '/' },
    packetFilters: name === 'kube-proxy',
  }));
}

function setOf(family: Family, program: string): ComponentSet {
  return family.programs.find(({ name }) => name === program)?.set ?? 'all';
}

const otherImages: readonly Image[] = [
  {
    name: 'pause',
    reference: 'registry.k8s.io/pause:3.10.2',
    set: 'control-plane',
    family: pause,
    programs: { pause: 'pause' },
    config: { Entrypoint: ['/pause'], Env: [path], User: '65535:65535', WorkingDir: '/' },
  },
  {
    name: 'etcd',
    reference: 'registry.k8s.io/etcd:3.7.0-0',
    set: 'control-plane',
    family: etcd,
    programs: { etcd: 'usr/local/bin/etcd', etcdctl: 'usr/local/bin/etcdctl', etcdutl: 'usr/local/bin/etcdutl' },
    config: { Entrypoint: [], Env: [path], WorkingDir: '/' },
  },
  {
    name: 'coredns',
    reference: 'registry.k8s.io/coredns/coredns:v1.14.6',
    set: 'test',
    family: coredns,
    programs: { coredns: 'coredns' },
    config: {
      Entrypoint: ['/coredns'],
      Env: [path],
      User: '65532:65532',
      WorkingDir: '/',
      ExposedPorts: { '53/tcp': {}, '53/udp': {} },
    },
    bindsLowPorts: true,
  },
  {
    name: 'agnhost',
    reference: 'registry.k8s.io/e2e-test-images/agnhost:2.66.1',
    set: 'test',
    family: agnhost,
    programs: { agnhost: 'agnhost' },
    config: { Entrypoint: ['/agnhost'], Cmd: ['pause'], Env: [path], WorkingDir: '/' },
    shell: true,
  },
];

const kubernetes = kubernetesReleases.map(kubernetesFamily);

/** In the order of building: the small and soon needed first. */
export const families: readonly Family[] = [pause, etcd, ...kubernetes, agnhost, coredns];
export const images: readonly Image[] = [...otherImages, ...kubernetes.flatMap(kubernetesImages)];
export const defaultKubernetesVersion = kubernetesReleases[0]?.version ?? '';
