/** Bundles the sources into dist/npm/ for the npm package: Node strips no types below node_modules. */
import { chmodSync, copyFileSync, globSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const directory = 'dist/npm';
rmSync(directory, { recursive: true, force: true });
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
await build({
  entryPoints: { bootstrap: 'src/main.ts' },
  outdir: directory,
  bundle: true,
  // Chunks keep what a command does not need out of its start.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  packages: 'external',
  minifySyntax: true,
  legalComments: 'none',
  define: { 'process.env.KUBE_BOOTSTRAP_VERSION': JSON.stringify(version) },
});
// Read when a CRI runtime is opened, beside the chunk that does.
for (const file of globSync('src/runtime/cri/*.proto')) copyFileSync(file, join(directory, basename(file)));
chmodSync('bin/bootstrap', 0o755);
