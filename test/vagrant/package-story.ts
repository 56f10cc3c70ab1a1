import { chatter, end, readyAgain, resetInInit } from './common-steps.ts';
import type { Step, Story } from './story.ts';

const deb = '$STATE/deb';
/** The same package with a later version: what an upgrade does does not depend on what is in it. */
const laterPackage = [
  `rm -rf ${deb} && mkdir -p ${deb} && cp "$PACKAGE" ${deb}/first.deb`,
  `dpkg-deb -R ${deb}/first.deb ${deb}/tree && sed -i 's/^Version: .*/&+later/' ${deb}/tree/DEBIAN/control`,
  `dpkg-deb -Zgzip -z1 --root-owner-group -b ${deb}/tree ${deb}/later.deb >/dev/null && rm -r ${deb}/tree`,
  `dpkg-deb -f ${deb}/later.deb Version`,
].join(' && ');
const containers = "sudo docker ps --format '{{.Names}} {{.ID}} {{.CreatedAt}}' | sort";
const service = 'systemctl show bootstrap-agent -p ActiveState,MainPID,FragmentPath';
const sameContainers: Step = {
  vm: `${containers} | diff before - && echo 'the same containers'`,
  expect: [/the same containers/],
};
const kubeconfig = 'ssh -F $STATE/ssh.cfg control-plane sudo cat /etc/kubernetes/admin.conf >$KUBECONFIG';

const agentsFaults: readonly Step[] = [
  { say: 'The agent is killed; systemd starts it again.', vm: `${containers} | tee before` },
  { vm: 'sudo systemctl kill --signal=KILL bootstrap-agent' },
  { vm: `${service},NRestarts`, until: 'the agent runs again', expect: [/ActiveState=active/, /NRestarts=[1-9]/] },
  sameContainers,
  { say: 'It reads its configuration again.', vm: 'sudo systemctl reload bootstrap-agent' },
  { vm: 'sudo journalctl -u bootstrap-agent -n 3 -o cat --no-pager; systemctl is-active bootstrap-agent' },
  { say: 'It is stopped: the control plane runs on without it.', vm: 'sudo systemctl stop bootstrap-agent' },
  { vm: 'systemctl is-active bootstrap-agent', code: 'any', expect: [/inactive/] },
  { host: kubeconfig },
  { host: 'kubectl get --raw /readyz && echo', expect: [/ok/], until: 'the API server answers' },
  { vm: 'sudo systemctl start bootstrap-agent', limitS: 300 },
  sameContainers,
  { say: 'It hangs: the watchdog has it replaced.', vm: service, expect: [/ActiveState=active/] },
  { vm: 'sudo systemctl kill --kill-whom=main --signal=STOP bootstrap-agent' },
  {
    vm: 'sudo journalctl -u bootstrap-agent -n 40 -o short --no-pager | grep -E "systemd.*(Watchdog|signal|restart|Started)"',
    until: 'the watchdog has ended it, and systemd started another',
    expect: [/Watchdog timeout[\s\S]*Started/],
    limitS: 600,
  },
  { vm: `${service},NRestarts`, expect: [/ActiveState=active/, /NRestarts=1/] },
  readyAgain,
  sameContainers,
];

export const packageStory: Story = {
  name: 'package',
  file: 'vagrant-package.txt',
  about:
    'The Debian package: installed, the machine reset during init, the agent killed and hung, upgraded over the running control plane, purged',
  steps: [
    { host: 'vagrant up --no-tty', limitS: 2400, hide: chatter },
    { host: 'vagrant ssh-config >$STATE/ssh.cfg' },
    { host: laterPackage, expect: [/\+later/] },
    { host: `scp -q -F $STATE/ssh.cfg ${deb}/*.deb control-plane:`, limitS: 300 },
    { say: 'What the single file made goes.', vm: 'sudo bootstrap reset --force', limitS: 300, tail: 5 },
    { vm: 'sudo rm /usr/local/bin/bootstrap' },
    { say: 'Installed.', vm: 'sudo apt-get install -y --no-install-recommends ./first.deb', limitS: 600, tail: 6 },
    { vm: 'dpkg -L kube-bootstrap | xargs ls -ldL | grep ^-' },
    {
      vm: 'dpkg -s kube-bootstrap | grep -E "^(Version|Depends)"; bootstrap version; systemctl is-enabled bootstrap-agent',
      code: 'any',
    },
    ...resetInInit('sudo test -e /etc/kubernetes/manifests/kube-scheduler.yaml'),
    { vm: service, expect: [/ActiveState=active/, /FragmentPath=\/lib|FragmentPath=\/usr/] },
    ...agentsFaults,
    { say: 'Upgraded over the running control plane.', vm: 'dpkg -s kube-bootstrap | grep ^Version' },
    { vm: 'sudo dpkg -i later.deb', limitS: 600, tail: 6 },
    { vm: 'dpkg -s kube-bootstrap | grep ^Version', expect: [/\+later/] },
    { vm: service, expect: [/ActiveState=active/], until: 'the new agent runs' },
    readyAgain,
    sameContainers,
    { say: 'Purged.', vm: 'sudo bootstrap reset --force', limitS: 300, tail: 5 },
    { vm: 'sudo apt-get purge -y kube-bootstrap', limitS: 300, tail: 6 },
    {
      vm: 'ls /etc/default/bootstrap-agent /usr/bin/bootstrap /lib/systemd/system/bootstrap-agent.service',
      code: 'any',
      expect: [/usr\/bin\/bootstrap.*No such file/],
    },
    ...end,
  ],
};
