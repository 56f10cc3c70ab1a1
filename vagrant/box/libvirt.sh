#!/bin/bash
# libvirt by hand on a machine without systemd: libvirt.sh start|stop|status [STATE DIRECTORY]
# Destroy the machines (vagrant destroy -f) before `stop`.
set -u
state=${2:-${TMPDIR:-/tmp}/kube-bootstrap-libvirt}
virsh=(virsh -q -c qemu:///system)

runs() { [ -s "$state/$1.pid" ] && [ "$(cat "/proc/$(cat "$state/$1.pid")/comm" 2>/dev/null)" = "$1" ]; }

start() {
  mkdir -p "$state"
  if ! runs virtlogd; then
    virtlogd >"$state/virtlogd.log" 2>&1 &
    echo $! >"$state/virtlogd.pid"
  fi
  # Where /dev/kvm is root's alone, libvirt probes QEMU again at each look-up, as long as its QEMU is to run as another
  # user: 48 s for each machine defined. So QEMU runs as root, for this libvirtd only; the file in /etc stays as it is.
  printf 'user = "root"\ngroup = "root"\n' >"$state/qemu.conf"
  if ! runs libvirtd; then
    unshare --mount --propagation private \
      sh -c "mount --bind '$state/qemu.conf' /etc/libvirt/qemu.conf && exec libvirtd" >"$state/libvirtd.log" 2>&1 &
    echo $! >"$state/libvirtd.pid"
  fi
  for _ in $(seq 120); do
    "${virsh[@]}" list >/dev/null 2>&1 && return 0
    sleep 0.5
  done
  echo 'libvirtd does not answer within 60 s:'
  tail "$state/libvirtd.log"
  return 1
}

stop() {
  local name daemon
  for name in $("${virsh[@]}" net-list --name); do "${virsh[@]}" net-destroy "$name"; done
  for name in $("${virsh[@]}" net-list --all --name | grep -vx default); do "${virsh[@]}" net-undefine "$name"; done
  for daemon in libvirtd virtlogd; do
    runs $daemon && kill "$(cat "$state/$daemon.pid")" && wait_for_end $daemon
  done
  for iptables in iptables ip6tables; do remove_chains $iptables; done
  for name in /sys/fs/cgroup/*/machine; do [ ! -d "$name" ] || rmdir "$name" 2>/dev/null; done
}

wait_for_end() {
  for _ in $(seq 100); do
    runs "$1" || return 0
    sleep 0.1
  done
  echo "$1 does not end within 10 s"
}

# libvirtd leaves its chains behind.
remove_chains() {
  local table rule chain
  for table in filter nat mangle; do
    "$1" -t $table -S 2>/dev/null | grep -- '-j LIBVIRT_' | sed 's/^-A/-D/' | while read -r rule; do
      # shellcheck disable=SC2086
      "$1" -t $table $rule
    done
    "$1" -t $table -S 2>/dev/null | sed -n 's/^-N \(LIBVIRT_.*\)/\1/p' | while read -r chain; do
      "$1" -t $table -F "$chain" && "$1" -t $table -X "$chain"
    done
  done
}

case ${1-} in
  start | stop) "$1" ;;
  status)
    for daemon in virtlogd libvirtd; do runs $daemon && echo "$daemon runs"; done
    "${virsh[@]}" list --all
    "${virsh[@]}" net-list --all
    ;;
  *)
    echo "usage: $0 start|stop|status [STATE DIRECTORY]" >&2
    exit 2
    ;;
esac
