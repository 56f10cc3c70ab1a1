import { chatter, end } from './common-steps.ts';
import type { Story } from './story.ts';

export const workerStory: Story = {
  name: 'worker',
  file: 'vagrant-worker.txt',
  about: 'A second machine joins as a worker, with a stock kubelet and kubeadm',
  variables: { NODES: '2' },
  steps: [
    { host: 'vagrant up --no-tty', limitS: 3600, hide: chatter },
    { host: 'kubectl get nodes -o wide', until: 'the worker is Ready', expect: [/worker1 +Ready/], limitS: 900 },
    {
      host: 'kubectl get pods -A -o wide',
      until: 'CoreDNS runs on it',
      expect: [/coredns-\S+ +1\/1 +Running/],
      limitS: 900,
    },
    { host: 'vagrant ssh-config >$STATE/ssh.cfg' },
    {
      vm: 'kubeadm version -o short; kubelet --version; systemctl is-active kubelet',
      on: 'worker1',
      expect: [/^active/m],
    },
    {
      say: 'The API server reaches the kubelet there.',
      host: 'kubectl -n kube-system logs deployment/coredns --tail 3',
      expect: [/CoreDNS/],
      until: 'the kubelet answers',
    },
    { vm: 'sudo bootstrap status' },
    ...end,
  ],
};
