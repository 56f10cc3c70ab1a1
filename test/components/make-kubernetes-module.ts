import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubernetesModuleDirectory } from './catalogue.ts';

type Download = { readonly GoMod: string; readonly Info: string };
type GoMod = {
  readonly Go: string;
  readonly GoDebug?: readonly { Key: string; Value: string }[];
  readonly Replace?: readonly { Old: { Path: string }; New: { Path: string } }[];
};

const commands = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-proxy',
  'kube-scheduler',
  'kubeadm',
  'kubectl',
  'kubelet',
];
const tools = [
  ...commands.map((name) => `k8s.io/kubernetes/cmd/${name}`),
  'k8s.io/component-base/logs/kube-log-runner',
];

/** Makes (or makes anew) the module from which one Kubernetes release is built; its result is committed. */
function makeKubernetesModule(version: string): void {
  const download = JSON.parse(go(['mod', 'download', '-json', `k8s.io/kubernetes@${version}`])) as Download;
  const upstream = JSON.parse(go(['mod', 'edit', '-json', download.GoMod])) as GoMod;
  const directory = kubernetesModuleDirectory(version);
  mkdirSync(directory, { recursive: true });
  rmSync(join(directory, 'go.sum'), { force: true });
  writeFileSync(join(directory, 'go.mod'), goMod(version, upstream));
  go(['mod', 'tidy'], directory);
  const released = (JSON.parse(readFileSync(download.Info, 'utf8')) as { Time: string }).Time;
  process.stdout.write(`${directory} is made; its line in catalogue.ts:\n`);
  process.stdout.write(`  { version: '${version}', released: '${released}' },\n`);
}

/**
 * Upstream's go.mod takes its staging modules from ./staging, which is not part of the published module; each of them
 * is published on its own, as v0.MINOR.PATCH. A `tool` line makes `go mod tidy` keep what that program needs.
 */
function goMod(version: string, upstream: GoMod): string {
  const stagingVersion = version.replace(/^v1\./, 'v0.');
  const staging = (upstream.Replace ?? []).filter(({ New }) => New.Path.startsWith('./staging/'));
  return [
    `// Made by: node test/components/make-kubernetes-module.ts ${version}`,
    'module kube-bootstrap/components/kubernetes',
    `go ${upstream.Go}`,
    ...block(
      'godebug',
      (upstream.GoDebug ?? []).map(({ Key, Value }) => `${Key}=${Value}`),
    ),
    ...block('tool', tools),
    ...block('require', [`k8s.io/kubernetes ${version}`, `k8s.io/component-base ${stagingVersion}`]),
    ...block(
      'replace',
      staging.map(({ Old }) => `${Old.Path} => ${Old.Path} ${stagingVersion}`),
    ),
    '',
  ].join('\n');
}

function block(verb: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? [`${verb} (`, ...lines.map((line) => `\t${line}`), ')'] : [];
}

function go(goArguments: string[], directory = '.'): string {
  const env = { ...process.env, GOFLAGS: '', GOTOOLCHAIN: 'local', GOWORK: 'off' };
  return execFileSync('go', goArguments, {
    cwd: directory,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const version = process.argv[2] ?? '';
if (/^v1\.\d+\.\d+$/.test(version)) {
  makeKubernetesModule(version);
} else {
  process.stderr.write('Usage: node test/components/make-kubernetes-module.ts v1.MINOR.PATCH\n');
  process.exitCode = 3;
}
