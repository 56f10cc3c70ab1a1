/**
 * Records docs/transcripts/change-safely.txt: brings up a control plane of its own as plain processes, changes it as the
 * page tells, and writes down what the commands really print.
 */
import { configuration, portOf, recordTranscript } from './transcript.ts';

const root = '--root-dir plane';
const args = (component: string, ...lines: readonly string[]) =>
  `${component}:\n  extraArgs:\n${lines.map((line) => `  - ${line}\n`).join('')}`;
const verbose = args('apiServer', '{name: max-requests-inflight, value: "500"}');
const takenPort = args('scheduler', `{name: secure-port, value: "${portOf('controllerManager')}"}`);
const manifest = 'plane/etc/kubernetes/manifests/kube-scheduler.yaml';

recordTranscript({
  name: 'change-safely.txt',
  root: 'plane',
  steps: [
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
  ],
});
