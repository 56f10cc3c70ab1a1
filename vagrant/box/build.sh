#!/bin/bash
# Builds a Vagrant box for libvirt, Debian 12 with systemd, Docker, containerd and the CNI plugins, from distribution
# packages alone: for places where no box registry is reached. Neither Node nor anything of Kubernetes is in it.
#
#   box/build.sh [DIRECTORY]      makes DIRECTORY/bookworm.box; about a minute, as root on Debian 12
#
# Needs debootstrap qemu-utils e2fsprogs vagrant. MIRROR, SUITE and DISK_GB may be set; what debootstrap made is kept
# in DIRECTORY/rootfs.tar and used the next time.
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-${TMPDIR:-/tmp}/kube-bootstrap-box}
mirror=${MIRROR:-http://deb.debian.org/debian} suite=${SUITE:-bookworm} disk_gb=${DISK_GB:-20}
root=$work/rootfs image=$work/disk.raw mnt=$work/mnt loop=

packages=(systemd systemd-sysv dbus udev kmod openssh-server sudo rsync ca-certificates iproute2 iptables iputils-ping
  procps curl conntrack ethtool socat initramfs-tools linux-image-cloud-amd64 docker.io containerd
  containernetworking-plugins extlinux syslinux-common)

step() { echo "box: $* ($SECONDS s)"; }

release() {
  local at
  for at in dev proc sys ''; do mountpoint -q "$mnt/$at" && umount "$mnt/$at"; done
  [ -z "$loop" ] || losetup -d "$loop"
  loop=
}

debian() {
  step "Debian $suite from $mirror"
  if [ -f "$work/rootfs.tar" ]; then
    mkdir -p "$root"
    tar --numeric-owner --xattrs --xattrs-include='*' -xpf "$work/rootfs.tar" -C "$root"
    return
  fi
  debootstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" "$suite" "$root" "$mirror" \
    >"$work/debootstrap.log" 2>&1 || { tail -20 "$work/debootstrap.log"; exit 1; }
  # With the extended attributes: ping's capability is one.
  tar --numeric-owner --xattrs --xattrs-include='*' -cpf "$work/rootfs.tar" -C "$root" .
}

# One ext4 file system without a partition table; extlinux in its boot sector can't read a 64-bit one.
disk() {
  step 'disk'
  truncate -s "${disk_gb}G" "$image"
  mke2fs -q -t ext4 -L root -O '^64bit,^metadata_csum' -E lazy_itable_init=1,lazy_journal_init=1 -d "$root" "$image"
  loop=$(losetup -f --show "$image")
  mount "$loop" "$mnt"
  local at
  for at in dev proc sys; do mount --bind "/$at" "$mnt/$at"; done
  chroot "$mnt" update-initramfs -c -k all >"$work/initramfs.log" 2>&1
  boot_loader
  release
  e2fsck -fp "$image" >/dev/null || [ $? -le 1 ]
}

# apparmor=0: its parser is not installed, and Docker would insist on a profile. No tsc=reliable: where
# the emulated CPU is measured while the host is busy, the clock runs several times too fast, and nobody would notice.
boot_loader() {
  local kernel
  kernel=$(cd "$mnt/boot" && ls vmlinuz-* | sort -V | tail -1)
  mkdir -p "$mnt/boot/extlinux"
  cat >"$mnt/boot/extlinux/extlinux.conf" <<END
DEFAULT linux
PROMPT 0
TIMEOUT 0
LABEL linux
  LINUX /boot/$kernel
  INITRD /boot/initrd.img-${kernel#vmlinuz-}
  APPEND root=/dev/vda rw console=ttyS0,115200 net.ifnames=0 mitigations=off apparmor=0 random.trust_cpu=on quiet loglevel=4 systemd.show_status=0
END
  chroot "$mnt" extlinux --install /boot/extlinux >"$work/extlinux.log" 2>&1 || { cat "$work/extlinux.log"; exit 1; }
}

box() {
  step 'box'
  qemu-img convert -c -o compression_type=zstd -m 2 -W -O qcow2 "$image" "$work/box.img"
  printf '{"provider":"libvirt","format":"qcow2","virtual_size":%d}\n' "$disk_gb" >"$work/metadata.json"
  cp "$here/Vagrantfile.box" "$work/Vagrantfile"
  tar -C "$work" -cf "$work/bookworm.box" metadata.json Vagrantfile box.img
  rm -f "$image" "$work/box.img"
}

trap release EXIT
mkdir -p "$work" "$mnt"
rm -rf "$root" "$image"
debian
step 'settings'
"$here/settle.sh" "$root"
disk
box
rm -rf "$root"
step "$(du -h "$work/bookworm.box" | tr '\t' ' ')"
