import { chatter, config, end, flag, readyAgain, resetDuring, resetInInit } from './common-steps.ts';
import type { Story } from './story.ts';

const journal = '/var/lib/bootstrap/rollout.json';
const nothingToDo = /nothing to do/;

const apply = `bootstrap apply --config ${config}`;
const snapshots = '/var/lib/bootstrap/snapshots';

export const faultsStory: Story = {
  name: 'faults',
  file: 'vagrant-faults.txt',
  about: 'A machine that is reset, not shut down, in the middle of things',
  steps: [
    { host: 'vagrant up --no-tty', limitS: 2400, hide: chatter },
    { host: 'vagrant ssh-config >$STATE/ssh.cfg' },
    readyAgain,
    { say: 'Another flag for etcd, before which a snapshot is taken.', vm: flag('etcd', 'snapshot-count', '20000') },
    ...resetDuring('In the middle of the snapshot.', apply, `sudo ls -A ${snapshots} 2>/dev/null | grep -q .`),
    readyAgain,
    { vm: `sudo ls -lA ${snapshots}`, code: 'any' },
    ...resetDuring(
      'The same change again, and in the middle of it.',
      apply,
      `sudo grep -qs '"step":"\\(swap\\|gate\\)"' ${journal}`,
    ),
    readyAgain,
    { vm: `sudo ${apply}`, limitS: 1800 },
    readyAgain,
    { vm: `sudo bootstrap plan --config ${config}`, limitS: 300, expect: [nothingToDo] },
    { vm: 'sudo bootstrap history' },
    { vm: 'sudo bootstrap reset --force', limitS: 300 },
    ...resetInInit('sudo test -e /etc/kubernetes/manifests/kube-apiserver.yaml'),
    ...end,
  ],
};
