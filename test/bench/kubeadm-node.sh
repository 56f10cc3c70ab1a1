#!/bin/sh
# One stock node: kubeadm init with a kubelet and containerd of its own, in mount, PID and cgroup-less namespaces, all
# state below $LAB. Run by `unshare --mount --pid --fork --kill-child --mount-proc`; the control plane listens on loopback's
# usual ports of a network namespace of its own. Prints the milliseconds from the start of kubeadm to its end.
set -eu
mount --make-rprivate /
ip link set lo up
ip addr add 10.9.0.1/32 dev lo
for path in /etc/kubernetes /etc/cni /etc/containerd /var/lib/etcd /var/lib/kubelet /var/lib/containerd /var/log/pods /var/log/containers /opt/cni; do
  mkdir -p "$LAB/made$path"
  [ -d "$path" ] || { mkdir -p "$path"; echo "$path" >>"$LAB/created"; }
  mount --bind "$LAB/made$path" "$path"
done
mount -t tmpfs -o mode=755 run /run
mount --make-rshared /
cat >/etc/containerd/config.toml <<'TOML'
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  restrict_oom_score_adj = true
  sandbox_image = "registry.k8s.io/pause:3.10.2"
TOML
containerd >"$LAB/containerd.log" 2>&1 &
until ctr version >/dev/null 2>&1; do sleep 0.1; done
for image in "$IMAGES"/*.tar; do ctr -n k8s.io images import "$image" >/dev/null; done
cat >"$LAB/kubeadm.yaml" <<'YAML'
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: 10.9.0.1}
nodeRegistration: {name: stock, criSocket: "unix:///run/containerd/containerd.sock"}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.37.2
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
failSwapOn: false
cgroupRoot: /stock
YAML
for controller in /sys/fs/cgroup/*/; do mkdir -p "$controller/stock"; done
for file in cpus mems; do cat "/sys/fs/cgroup/cpuset/cpuset.$file" >"/sys/fs/cgroup/cpuset/stock/cpuset.$file"; done
(
  until [ -f /var/lib/kubelet/config.yaml ] && [ -f /var/lib/kubelet/kubeadm-flags.env ]; do sleep 0.02; done
  . /var/lib/kubelet/kubeadm-flags.env
  # shellcheck disable=SC2086
  exec kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf \
    --config=/var/lib/kubelet/config.yaml $KUBELET_KUBEADM_ARGS
) >"$LAB/kubelet.log" 2>&1 &
begun=$(date +%s%N)
kubeadm init --config "$LAB/kubeadm.yaml" --ignore-preflight-errors=all >"$LAB/kubeadm.log" 2>&1
echo $((($(date +%s%N) - begun) / 1000000))
