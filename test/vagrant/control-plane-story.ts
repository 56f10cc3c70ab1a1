import { chatter, config, end, flag, readyAgain, reboot } from './common-steps.ts';
import type { Story } from './story.ts';

export const controlPlaneStory: Story = {
  name: 'control-plane',
  file: 'vagrant.txt',
  about: 'A fresh machine: from the box to the end',
  steps: [
    { say: 'The box, of Debian packages alone.', host: 'vagrant/box/build.sh $STATE/box', limitS: 1200 },
    {
      host: 'vagrant box add --no-tty --force --name $BOX $STATE/box/bookworm.box',
      limitS: 300,
      hide: /Unpacking|Calculating|Adding box|Progress|not detected/,
    },
    { say: 'A machine, and bootstrap init on it.', host: 'vagrant up --no-tty', limitS: 2400, hide: chatter },
    { host: 'vagrant ssh-config >$STATE/ssh.cfg' },
    { vm: 'systemd-analyze; command -v node npm; true', expect: [/^Startup finished in [^/]*$/s] },
    { vm: 'sudo bootstrap status', limitS: 300, until: 'every pod is ready' },
    {
      say: 'From this computer.',
      host: 'kubectl version',
      expect: [/Server Version/],
    },
    { host: 'kubectl get nodes -o wide', until: 'the Node is Ready', expect: [/ Ready /], limitS: 300 },
    { host: 'kubectl get pods -A', expect: [/kube-apiserver-control-plane +1\/1 +Running/] },
    {
      say: 'Another flag for the API server.',
      vm: flag('apiServer', 'max-requests-inflight', '500'),
    },
    { vm: `sudo bootstrap plan --config ${config}`, expect: [/max-requests-inflight/], code: 'any', limitS: 300 },
    { vm: `sudo bootstrap apply --config ${config} --message "more requests at once"`, limitS: 1800 },
    {
      host: 'kubectl -n kube-system get pod kube-apiserver-control-plane -o yaml | grep max-requests',
      expect: [/max-requests-inflight=500/],
    },
    { vm: 'sudo bootstrap history' },
    { say: 'The service.', vm: 'systemctl status --no-pager -n 3 bootstrap-agent', expect: [/active \(running\)/] },
    { vm: 'systemd-analyze security --no-pager bootstrap-agent.service', tail: 3 },
    ...reboot,
    readyAgain,
    { vm: 'systemd-analyze' },
    {
      host: 'kubectl get pods -A',
      expect: [/kube-apiserver-control-plane +1\/1 +Running/],
      until: 'mirror pods are back',
      limitS: 300,
    },
    { say: 'And gone.', vm: 'sudo bootstrap reset --force', limitS: 300 },
    {
      vm: 'docker ps -aq | wc -l; sudo ls -A /etc/kubernetes /var/lib/etcd; systemctl is-active bootstrap-agent',
      code: 'any',
      expect: [/^0$/m, /inactive/],
    },
    ...end,
  ],
};
