import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

/** Who may import whom, and which layer alone may import which outside module: the table of src/README.md. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  host: ['base'],
  streaming: ['base'],
  kube: ['base', 'host'],
  config: ['base', 'host', 'kube'],
  pki: ['base', 'host', 'config'],
  kubeconfig: ['base', 'host', 'kube', 'config', 'pki'],
  manifests: ['base', 'host', 'kube', 'config'],
  cluster: ['base', 'host', 'kube', 'config', 'pki', 'manifests'],
  runtime: ['base', 'host', 'kube', 'streaming'],
  agent: ['base', 'host', 'kube', 'runtime'],
  etcd: ['base', 'host', 'config'],
  health: ['base', 'host', 'kube', 'config', 'manifests'],
  rollout: [
    ...['base', 'host', 'kube', 'config', 'pki', 'kubeconfig', 'manifests', 'etcd', 'runtime', 'health'],
    'cluster',
  ],
  phases: [
    ...['base', 'host', 'kube', 'config', 'pki', 'kubeconfig', 'manifests', 'etcd', 'runtime', 'health'],
    ...['cluster', 'rollout'],
  ],
  cli: [
    ...['base', 'host', 'kube', 'config', 'pki', 'kubeconfig', 'manifests', 'etcd', 'runtime', 'health'],
    ...['streaming', 'agent', 'cluster', 'rollout', 'phases'],
  ],
};

/** Files below src/ that may import each outside module at run time. */
const owners: readonly { readonly module: RegExp; readonly by: RegExp; readonly instead: string }[] = [
  { module: /^yaml$/, by: /^kube\/yaml/, instead: 'parse and print through kube/yaml.ts' },
  { module: /^handlebars/, by: /^manifests\//, instead: 'render through manifests/render.ts' },
  { module: /^node-forge/, by: /^pki\//, instead: 'go through pki/' },
  { module: /^dockerode/, by: /^runtime\/docker\//, instead: 'go through the ContainerRuntime port' },
  { module: /^@grpc\//, by: /^runtime\/cri\//, instead: 'go through the ContainerRuntime port' },
  { module: /^commander$/, by: /^cli\//, instead: 'commands are data in cli/' },
  {
    module: /^node:zlib$/,
    by: /^(streaming\/spdy\/|runtime\/images\/)/,
    instead: 'images are unpacked in runtime/images, header blocks in streaming/spdy',
  },
  {
    module: /^node:crypto$/,
    by: /^(pki\/|base\/hash|host\/|runtime\/images\/)/,
    instead: 'hash with base/hash.ts, take random bytes from Host',
  },
  {
    module: /^node:(fs|fs\/promises|child_process|os|net|http|https|http2|tls|dns|dns\/promises)$/,
    by: /^(host\/|runtime\/(cgroups|docker|process|images)\/)/,
    instead: 'reach the machine through Host',
  },
];

const files = globSync('src/**/*.ts').map((file) => file.slice('src/'.length));

function importsOf(file: string): { specifier: string; typeOnly: boolean }[] {
  const text = readFileSync(join('src', file), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)'/gm);
  const dynamic = text.matchAll(/import\('([^']+)'\)/g);
  return [
    ...[...statements].map(([, type, specifier = '']) => ({ specifier, typeOnly: type !== undefined })),
    ...[...dynamic].map(([, specifier = '']) => ({ specifier, typeOnly: false })),
  ];
}

test('every layer imports only the layers that it may', () => {
  const wrong: string[] = [];
  for (const file of files.filter((name) => name.includes('/'))) {
    const [layer = ''] = file.split('/');
    for (const { specifier, typeOnly } of importsOf(file).filter((item) => item.specifier.startsWith('.'))) {
      const target = normalize(join(dirname(file), specifier));
      const [other = ''] = target.split('/');
      if (other === layer || mayImport[layer]?.includes(other)) continue;
      // Phases read what the agent says of itself, never what it does inside.
      if (layer === 'phases' && other === 'agent' && typeOnly) continue;
      wrong.push(
        `src/${file} imports ${target}: ${layer} may import only ${mayImport[layer]?.join(', ') || 'nothing'}`,
      );
    }
  }
  assert.deepEqual(wrong, []);
});

test('every outside module is imported only by the layer that owns it', () => {
  const wrong: string[] = [];
  for (const file of files) {
    for (const { specifier, typeOnly } of importsOf(file)) {
      if (typeOnly) continue;
      const rule = owners.find(({ module }) => module.test(specifier));
      if (rule !== undefined && !rule.by.test(file)) wrong.push(`src/${file} imports ${specifier}: ${rule.instead}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('process.env and the wall clock are read in one place each', () => {
  const wrong: string[] = [];
  for (const file of files) {
    const text = readFileSync(join('src', file), 'utf8');
    if (/process\.env\b/.test(text) && !file.startsWith('host/')) wrong.push(`src/${file} reads process.env: use Host`);
    if (/Date\.now\(\)/.test(text) && file !== 'base/clock.ts') wrong.push(`src/${file} reads Date.now(): use Clock`);
  }
  assert.deepEqual(wrong, []);
});
