import { readFileSync } from 'node:fs';
import { build, type Metafile, type Plugin } from 'esbuild';
import protobuf from 'protobufjs';

export type Bundle = { readonly code: Uint8Array; readonly metafile: Metafile };

/**
 * The whole program as one CommonJS script, which is what a single executable application of Node 24 runs. What the
 * sources import lazily is wrapped in functions by esbuild, and so evaluated as late as ever.
 */
export async function bundleProgram(version: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    entryPoints: ['src/main.ts'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    minify: true,
    // Stacks name functions and classes, as do messages.
    keepNames: true,
    legalComments: 'none',
    define: { 'process.env.KUBE_BOOTSTRAP_VERSION': JSON.stringify(version), 'import.meta.url': '""' },
    plugins: [withoutSessionAndSsh],
  });
  const [output] = outputFiles;
  if (output === undefined) throw new Error('esbuild gave no output');
  return { code: output.contents, metafile };
}

/** What load-dockerode.ts does in the require cache of a running program: dockerode without its gRPC session and ssh2. */
const withoutSessionAndSsh: Plugin = {
  name: 'dockerode-without-session-and-ssh',
  setup(building) {
    building.onLoad({ filter: /[/]src[/]runtime[/]docker[/]load-dockerode[.]ts$/ }, () => ({
      contents: "import Docker from 'dockerode'; export const loadDockerode = () => Docker;",
      loader: 'ts',
      resolveDir: 'src/runtime/docker',
    }));
    const unused = /[/]node_modules[/](dockerode[/]lib[/]session|docker-modem[/]lib[/]ssh)([/]index)?[.]js$/;
    building.onLoad({ filter: unused }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** The proto files of the CRI as one JSON description, which needs no files when it is read. */
export function protosAsJson(): string {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => `src/runtime/cri/${target}`;
  for (const file of ['cri.proto', 'containerd-events.proto']) root.loadSync(file, { keepCase: false });
  return JSON.stringify(root.toJSON());
}

export const programVersion = (): string =>
  (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
