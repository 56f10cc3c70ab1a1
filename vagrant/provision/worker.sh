#!/bin/bash
# What `kubeadm join` needs on a fresh machine: POD_RANGE, ADDRESS; kubeadm, kubelet and kubectl in /opt/kubernetes, if
# they are not installed. The join itself is the Vagrantfile's, which asks the control plane for the line.
set -euo pipefail

for program in kubeadm kubelet kubectl; do
  command -v $program >/dev/null || [ ! -e /opt/kubernetes/$program ] || install -m 755 /opt/kubernetes/$program /usr/local/bin/
done
command -v kubelet >/dev/null || { echo 'no kubelet here and none in WORKER_PROGRAMS: this machine stays without'; exit 0; }

if ! systemctl cat kubelet.service >/dev/null 2>&1; then
  cat >/etc/systemd/system/kubelet.service <<END
[Unit]
Description=kubelet
After=containerd.service

[Service]
Environment=KUBELET_KUBEADM_ARGS=
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=$(command -v kubelet) --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml \$KUBELET_KUBEADM_ARGS --node-ip=$ADDRESS
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
END
  systemctl daemon-reload
  systemctl enable -q kubelet.service
fi

for archive in /opt/images/*.tar /opt/images/*.tar.gz; do
  [ ! -e "$archive" ] || case $archive in
    *.gz) gunzip -c "$archive" | ctr -n k8s.io images import - ;;
    *) ctr -n k8s.io images import "$archive" ;;
  esac
done

mkdir -p /etc/cni/net.d
cat >/etc/cni/net.d/10-pods.conflist <<END
{
  "cniVersion": "1.0.0",
  "name": "pods",
  "plugins": [
    {
      "type": "bridge",
      "bridge": "cni0",
      "isGateway": true,
      "ipMasq": true,
      "hairpinMode": true,
      "ipam": { "type": "host-local", "ranges": [[{ "subnet": "$POD_RANGE" }]], "routes": [{ "dst": "0.0.0.0/0" }] }
    },
    { "type": "portmap", "capabilities": { "portMappings": true } }
  ]
}
END
