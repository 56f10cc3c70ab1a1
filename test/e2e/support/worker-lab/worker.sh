#!/usr/bin/env bash
# A machine for a stock kubelet, made of namespaces and one directory: containerd and kubelet run in it as services that
# the systemctl beside this file knows. Called by worker.ts, in the network namespace that it made:
#   worker.sh enter NAME DIRECTORY PROGRAMS
# Needs root and cgroup v1, neither systemd nor CAP_SYS_RESOURCE. Killed with SIGKILL it leaves only DIRECTORY and its cgroups.
set -euo pipefail
step=$1 name=$2 directory=$3 programs=$4
lab=$(dirname "$0")

controllers() { awk -F: '$1 > 0 { sub("^name=", "", $2); print $2 }' /proc/self/cgroup; }

# A cgroup of its own in each hierarchy, which the cgroup namespace then shows as the root.
enter() {
  for controller in $(controllers); do
    cgroup=/sys/fs/cgroup/$controller/$name
    mkdir -p "$cgroup"
    if [ "$controller" = cpuset ]; then
      for file in cpuset.cpus cpuset.mems; do cat "$cgroup/../$file" >"$cgroup/$file"; done
    fi
    echo $$ >"$cgroup/cgroup.procs"
  done
  exec unshare --mount --uts --ipc --pid --cgroup --fork --kill-child --mount-proc \
    bash "$0" init "$name" "$directory" "$programs"
}

# Its own files where kubelet, kubeadm and containerd write; everything else is the machine's.
mounts() {
  mount --make-rprivate /
  for engine in /run/docker /var/lib/docker /var/lib/kubelet; do umount -R "$engine" 2>/dev/null || true; done
  umount -R /sys/fs/cgroup
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  for controller in $(controllers); do
    mkdir "/sys/fs/cgroup/$controller"
    option=$controller
    [[ $controller == systemd ]] && option=none,name=systemd
    mount -t cgroup -o "$option" cgroup "/sys/fs/cgroup/$controller"
  done
  cp -a /etc "$directory/etc"
  rm -rf "$directory"/etc/{kubernetes,cni,containerd}
  mkdir -p "$directory"/etc/{kubernetes,cni/net.d,containerd}
  cp "$directory/containerd.toml" "$directory/etc/containerd/config.toml"
  cp "$directory/network.conflist" "$directory/etc/cni/net.d/10-lab.conflist"
  cp "$directory/hosts" "$directory/etc/hosts"
  mount --bind "$directory/etc" /etc
  for path in /var/lib /var/log /usr/libexec /opt /lib/modules; do
    mkdir -p "$directory$path"
    mount --bind "$directory$path" "$path"
  done
  mkdir -p /var/lib/{kubelet,containerd,cni} /var/log/{pods,containers}
  mount -t tmpfs -o mode=755 run /run
  mkdir -p /run/lock /run/services
  # Pods with mount propagation need it.
  mount --make-rshared /
}

run_containerd() { exec containerd; }

# As kubeadm's drop-in of the kubelet's unit does (10-kubeadm.conf).
run_kubelet() {
  [ -f /var/lib/kubelet/config.yaml ] || exit 1
  KUBELET_KUBEADM_ARGS=
  if [ -f /var/lib/kubelet/kubeadm-flags.env ]; then . /var/lib/kubelet/kubeadm-flags.env; fi
  # shellcheck disable=SC2086 # the arguments are several words
  exec kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf \
    --config=/var/lib/kubelet/config.yaml $KUBELET_KUBEADM_ARGS
}

# Runs a service whenever it is wanted, again when it ends, as Restart=always does.
serve() {
  while :; do
    if [ -e "/run/services/$1.wanted" ]; then
      "run_$1" &
      echo $! >"/run/services/$1.pid"
      wait $! || true
    fi
    sleep 0.2
  done >>"$directory/$1.log" 2>&1
}

init() {
  mounts
  hostname "$name"
  touch /run/services/{containerd,kubelet}.enabled /run/services/containerd.wanted
  serve containerd &
  serve kubelet &
  touch /run/services/ready
  while :; do wait || sleep 1; done
}

export PATH=$lab:$programs:$PATH:/usr/sbin:/sbin
"$step"
