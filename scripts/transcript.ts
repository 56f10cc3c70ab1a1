import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { program } from '../test/components/locations.ts';

const bootstrap = resolve('bin/bootstrap');
const firstPort = 21_000 + (process.pid % 900) * 10;
const longestWaitMs = 60_000;
const ports = ['etcdClient', 'etcdPeer', 'etcdMetrics', 'controllerManager', 'scheduler', 'agentHealth', 'kubeletApi'];

/** A port of the control plane that a transcript is about. */
export const portOf = (name: string) => firstPort + 1 + ports.indexOf(name);

/** A configuration with ports of its own, as plain processes; `cluster`: lines of its ClusterConfiguration. */
export const configuration = (cluster: string) => `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
nodeRegistration:
  name: node1
localAPIEndpoint:
  advertiseAddress: 127.0.0.1
  bindPort: ${firstPort}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
${cluster}---
apiVersion: kube-bootstrap/v1alpha1
kind: BootstrapConfiguration
runtime:
  type: process
ports:
${ports.map((name) => `  ${name}: ${portOf(name)}`).join('\n')}
`;

/** A command to be run and shown, words of ours, a new text of kubeadm.yaml, or what to wait for, which is not shown. */
export type Step = string | { readonly say: string } | { readonly edit: string } | { readonly until: string };

type Transcript = {
  /** File below docs/transcripts/. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** Below the directory that the commands run in. */
  readonly root: string;
};

/**
 * Runs the steps in a new directory on a terminal of 100 columns (util-linux `script`), a control plane in `root` being
 * there already, and writes down what is really printed.
 */
export function recordTranscript({ name, steps, root }: Transcript): void {
  const home = mkdtempSync(join(tmpdir(), 'transcript-'));
  const output = resolve('docs/transcripts', name);
  try {
    writeFileSync(join(home, 'kubeadm.yaml'), configuration(''));
    const made = run(home, `bootstrap init --config kubeadm.yaml --root-dir ${root}`);
    if (made.code !== 0) throw new Error(`init: ${made.text}`);
    const recorded = steps.map((step) => textOf(home, step)).join('');
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, masked(home, recorded));
  } finally {
    run(home, `bootstrap reset --force --root-dir ${root}`);
    rmSync(home, { recursive: true, force: true });
  }
}

function textOf(home: string, step: Step): string {
  if (typeof step === 'object' && 'until' in step) return waited(home, step.until);
  if (typeof step !== 'string') return 'say' in step ? `\n# ${step.say}\n\n` : edited(home, step.edit);
  const { text, code } = run(home, step);
  return `$ ${step}\n${text}${code === 0 ? '' : `(exit code ${code})\n`}`;
}

/** Until the command succeeds. */
function waited(home: string, line: string): '' {
  const deadline = Date.now() + longestWaitMs;
  for (;;) {
    const { code, text } = run(home, line);
    if (code === 0) return '';
    if (Date.now() > deadline) throw new Error(`not within ${longestWaitMs / 1000} s: ${line}\n${text}`);
  }
}

/** The edit of the configuration as a diff, its heads left out. */
function edited(home: string, text: string): string {
  const file = join(home, 'kubeadm.yaml');
  writeFileSync(join(home, 'before.yaml'), readFileSync(file));
  writeFileSync(file, text);
  const { stdout } = spawnSync('diff', ['-U1', 'before.yaml', 'kubeadm.yaml'], { cwd: home, encoding: 'utf8' });
  return `$ edit kubeadm.yaml\n${stdout.split('\n').slice(3).join('\n')}`;
}

/** What a command prints: its progress, then its result. */
function run(home: string, line: string): { readonly text: string; readonly code: number } {
  const command = line.replace(/^bootstrap /, `${bootstrap} `);
  const errors = join(home, 'stderr');
  const shell = `stty cols 100 rows 50; { ${command}\n} 2>${errors}`;
  const PATH = `${dirname(program('kubectl'))}:${process.env.PATH}`;
  const { stdout, status } = spawnSync('script', ['-qec', shell, '/dev/null'], {
    cwd: home,
    encoding: 'utf8',
    env: { ...process.env, PATH, NO_COLOR: '1', KUBECONFIG: join(home, 'plane/etc/kubernetes/admin.conf') },
  });
  const result = stdout.replaceAll('\r', '');
  const progress = readFileSync(errors, 'utf8').replace(/^ *still waiting .*\n/gm, '');
  return { text: progress + result, code: status ?? 1 };
}

function masked(home: string, text: string): string {
  return text.replaceAll(home, '~').replaceAll(`/private${home}`, '~').replaceAll(hostname(), 'node1').trimStart();
}
