/**
 * Records docs/transcripts/change-safely.txt: brings up a control plane of its own as plain processes, changes it as the
 * page tells, and writes down what the commands really print. Needs util-linux `script`, for a terminal of 100 columns.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const home = mkdtempSync(join(tmpdir(), 'transcript-'));
const bootstrap = resolve('bin/bootstrap');
const output = resolve('docs/transcripts/change-safely.txt');
const firstPort = 21_000 + (process.pid % 900) * 10;
const ports = ['etcdClient', 'etcdPeer', 'etcdMetrics', 'controllerManager', 'scheduler', 'agentHealth', 'kubeletApi'];
const portOf = (name: string) => firstPort + 1 + ports.indexOf(name);
const root = '--root-dir plane';

const configuration = (cluster: string) => `apiVersion: kubeadm.k8s.io/v1beta4
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
const args = (component: string, ...lines: readonly string[]) =>
  `${component}:\n  extraArgs:\n${lines.map((line) => `  - ${line}\n`).join('')}`;
const verbose = args('apiServer', '{name: max-requests-inflight, value: "500"}');
const takenPort = args('scheduler', `{name: secure-port, value: "${portOf('controllerManager')}"}`);

type Step = string | { readonly say: string } | { readonly edit: string };

const manifest = 'plane/etc/kubernetes/manifests/kube-scheduler.yaml';
const steps: readonly Step[] = [
  { say: 'A control plane made by bootstrap init. The API server gets a flag.' },
  { edit: configuration(verbose) },
  `bootstrap plan --config kubeadm.yaml ${root}`,
  `bootstrap apply --config kubeadm.yaml ${root} --message "more requests at once"`,
  `bootstrap plan --config kubeadm.yaml ${root}`,
  { say: 'A flag that does not exist is refused before anything running is touched.' },
  { edit: configuration(verbose + args('scheduler', '{name: no-such-flag, value: "1"}')) },
  `bootstrap apply --config kubeadm.yaml ${root}`,
  { say: 'A port that another program holds shows only when it really runs: it goes back by itself.' },
  { edit: configuration(verbose + takenPort) },
  `bootstrap apply --config kubeadm.yaml ${root} --message "another port"`,
  { say: 'What was changed, when, by whom, and what came of it.' },
  `bootstrap history ${root}`,
  `bootstrap diff 1 2 ${root}`,
  { say: 'Somebody edits a manifest, and removes a certificate.' },
  `sed -i s/leader-elect=true/leader-elect=false/ ${manifest}`,
  'rm plane/etc/kubernetes/pki/apiserver-kubelet-client.crt',
  'sleep 5',
  `bootstrap drift ${root}`,
  `bootstrap drift --heal ${root}`,
  `bootstrap drift ${root}`,
  { say: 'Back to what it was at first.' },
  `bootstrap rollback --to 1 ${root}`,
  `bootstrap history ${root}`,
];

const recorded: string[] = [];
try {
  writeFileSync(join(home, 'kubeadm.yaml'), configuration(''));
  const made = run(`bootstrap init --config kubeadm.yaml ${root}`);
  if (made.code !== 0) throw new Error(`init: ${made.text}`);
  for (const step of steps) recorded.push(textOf(step));
  mkdirSync(join(output, '..'), { recursive: true });
  writeFileSync(output, masked(recorded.join('')));
} finally {
  run(`bootstrap reset --force ${root}`);
  rmSync(home, { recursive: true, force: true });
}

function textOf(step: Step): string {
  if (typeof step !== 'string') return 'say' in step ? `\n# ${step.say}\n\n` : edited(step.edit);
  const { text, code } = run(step);
  return `$ ${step}\n${text}${code === 0 ? '' : `(exit code ${code})\n`}`;
}

/** The edit of the configuration as a diff, its heads left out. */
function edited(text: string): string {
  const file = join(home, 'kubeadm.yaml');
  writeFileSync(join(home, 'before.yaml'), readFileSync(file));
  writeFileSync(file, text);
  const { stdout } = spawnSync('diff', ['-U1', 'before.yaml', 'kubeadm.yaml'], { cwd: home, encoding: 'utf8' });
  return `$ edit kubeadm.yaml\n${stdout.split('\n').slice(3).join('\n')}`;
}

/** What a command prints on a terminal of 100 columns: its progress, then its result. */
function run(line: string): { readonly text: string; readonly code: number } {
  const command = line.replace(/^bootstrap /, `${bootstrap} `);
  const errors = join(home, 'stderr');
  const shell = `stty cols 100 rows 50; ${command} 2>${errors}`;
  const { stdout, status } = spawnSync('script', ['-qec', shell, '/dev/null'], {
    cwd: home,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1' },
  });
  const result = stdout.replaceAll('\r', '');
  const progress = readFileSync(errors, 'utf8').replace(/^ *still waiting .*\n/gm, '');
  return { text: progress + result, code: status ?? 1 };
}

function masked(text: string): string {
  return text.replaceAll(home, '~').replaceAll(`/private${home}`, '~').replaceAll(hostname(), 'node1').trimStart();
}
