import type { Step } from './story.ts';

/** The configuration that vagrant/provision/control-plane.sh writes. */
export const config = '/etc/bootstrap/kubeadm.yaml';

/** Adds a flag to a component's section of the configuration, which gets one. */
export const flag = (section: string, name: string, value: string) => {
  const lines =
    section === 'etcd' ? ['etcd:', '  local:', '    extraArgs:', '    - '] : [`${section}:`, '  extraArgs:', '  - '];
  const text = `${lines.join('\\n')}{name: ${name}, value: "${value}"}`;
  return `sudo sed -i 's/^encryptionAlgorithm:/${text}\\n&/' ${config}`;
};

/** Vagrant's own words about each device and key. */
export const chatter =
  /-- |Bringing|No version|generating a local|See https|Domain|Creating|Updating|Starting domain|Waiting|SSH |insecure|newly generated|Inserting|Key inserted|Removing|Uploading|Setting hostname|Configuring and|Running provisioner|Running: |Progress/;

const noteBoot = 'cat /proc/sys/kernel/random/boot_id >boot-id';
const booted: Step = {
  vm: 'test "$(cat boot-id)" != "$(cat /proc/sys/kernel/random/boot_id)" && uptime',
  until: 'the machine has booted and lets ssh in',
  limitS: 900,
};

export const reboot: readonly Step[] = [
  {
    say: 'The machine boots again.',
    vm: `${noteBoot}; sudo systemctl reboot`,
    code: 'any',
  },
  booted,
];

/** Begins something that goes on without us, and resets the machine as soon as `when` succeeds on it. */
export const resetDuring = (say: string, what: string, when: string): readonly Step[] => [
  { say, vm: `${noteBoot}; sync; sudo systemd-run --collect --unit=interrupted ${what}` },
  { vm: `for i in $(seq 3000); do ${when} && exit; sleep 0.1; done; exit 1`, limitS: 900 },
  { host: 'virsh -q -c qemu:///system reset vagrant_control-plane' },
  booted,
];

export const readyAgain: Step = { vm: 'sudo bootstrap status', until: 'every pod is ready by itself', limitS: 900 };

/** The machine is reset in the middle of init, as soon as `when` succeeds on it; init, run again, converges. */
export const resetInInit = (when: string): readonly Step[] => [
  ...resetDuring(
    'The machine is reset, not shut down, in the middle of init, which is then run again.',
    `bootstrap init --config ${config}`,
    when,
  ),
  { vm: `sudo bootstrap init --config ${config}`, limitS: 1800, tail: 25 },
  readyAgain,
];

export const end: readonly Step[] = [
  { host: 'vagrant destroy -f', hide: chatter },
  { host: 'vagrant status', expect: [/not created/], tail: 5 },
];
