#!/bin/bash
# settle.sh ROOT: what makes a tree of Debian packages a Vagrant machine: network, user, ssh, quick boot.
set -euo pipefail
root=$1
key=$(find /usr/share/rubygems-integration /opt/vagrant -path '*/keys/vagrant.pub' 2>/dev/null | sort -V | tail -1 || true)
[ -n "$key" ] || { echo "Vagrant's public key is not here: install vagrant" >&2; exit 1; }

write() { mkdir -p "$(dirname "$root$1")" && cat >"$root$1"; }
quietly() { chroot "$root" systemctl -q "$@" 2>/dev/null || true; }

echo debian12 | write /etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 debian12\n' | write /etc/hosts
echo 'LABEL=root / ext4 errors=remount-ro,noatime,x-systemd.growfs 0 1' | write /etc/fstab

# eth0 is Vagrant's own network; it writes files like this for the others. Its gateway answers DNS queries.
write /etc/systemd/network/20-eth0.network <<'END'
[Match]
Name=eth0

[Network]
DHCP=ipv4
IPv6AcceptRA=no
LinkLocalAddressing=no

[DHCPv4]
ClientIdentifier=mac
END
echo 'nameserver 192.168.121.1' | write /etc/resolv.conf

chroot "$root" useradd -m -s /bin/bash -U vagrant
chroot "$root" usermod -aG docker,sudo vagrant
echo 'vagrant:vagrant' | chroot "$root" chpasswd
echo 'vagrant ALL=(ALL) NOPASSWD:ALL' | write /etc/sudoers.d/vagrant
chmod 440 "$root/etc/sudoers.d/vagrant"
# Vagrant's well-known key; `vagrant up` replaces it by one of its own.
install -d -m 700 "$root/home/vagrant/.ssh"
install -m 600 "$key" "$root/home/vagrant/.ssh/authorized_keys"
chroot "$root" chown -R vagrant:vagrant /home/vagrant/.ssh

# Each machine makes its own host keys; an RSA one takes long on an emulated CPU.
rm -f "$root"/etc/ssh/ssh_host_*
write /etc/ssh/sshd_config.d/vagrant.conf <<'END'
UseDNS no
GSSAPIAuthentication no
HostKey /etc/ssh/ssh_host_ed25519_key
HostKey /etc/ssh/ssh_host_ecdsa_key
END
write /etc/systemd/system/ssh-host-keys.service <<'END'
[Unit]
Description=SSH host keys of this machine
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -N "" -t ecdsa -f /etc/ssh/ssh_host_ecdsa_key
ExecStart=/usr/bin/ssh-keygen -q -N "" -t ed25519 -f /etc/ssh/ssh_host_ed25519_key

[Install]
WantedBy=multi-user.target
END
# A user manager for each log-in costs seconds on an emulated CPU.
sed -i '/pam_systemd.so/d' "$root/etc/pam.d/common-session"

printf 'overlay\nbr_netfilter\n' | write /etc/modules-load.d/containers.conf
printf 'net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1\n' | write /etc/sysctl.d/90-kubernetes.conf
# Debian's containerd looks for plugins where Debian puts them; this is the configuration its package brings, with systemd's cgroups.
write /etc/containerd/config.toml <<'END'
version = 2

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.10.2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = true
END

quietly enable systemd-networkd.service ssh.service ssh-host-keys.service docker.service containerd.service
quietly disable systemd-networkd-wait-online.service e2scrub_reap.service
quietly mask apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer \
  serial-getty@ttyS0.service getty@tty1.service
: >"$root/etc/machine-id"
rm -f "$root/var/lib/dbus/machine-id"

# An initramfs of what a virtio disk needs: an emulated CPU unpacks the usual one for seconds.
sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=zstd/' "$root/etc/initramfs-tools/initramfs.conf"
printf 'virtio_pci\nvirtio_blk\nvirtio_scsi\nsd_mod\next4\ncrc32c_generic\n' | write /etc/initramfs-tools/modules
rm -rf "$root"/boot/initrd.img-* "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
rm -rf "$root"/usr/share/{doc,man,locale,info}/* "$root"/var/log/*.log
