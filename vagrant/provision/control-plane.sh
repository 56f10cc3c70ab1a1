#!/bin/bash
# A control plane by `bootstrap init` on a fresh machine: EXECUTABLE, ADDRESS, POD_NETWORK, RUNTIME;
# EMULATED=yes where the CPU is. Run again, it converges.
set -euo pipefail
config=/etc/bootstrap/kubeadm.yaml

install -m 755 "$EXECUTABLE" /usr/local/bin/bootstrap
bootstrap version

health_timeout=4m election=
if [ "$EMULATED" = yes ]; then
  health_timeout=15m
  # The API server's answers take seconds there, for which a leader would resign.
  election='extraArgs: [{name: leader-elect, value: "false"}]'
fi

if [ ! -e $config ]; then
  mkdir -p "$(dirname $config)"
  cat >$config <<END
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint:
  advertiseAddress: $ADDRESS
nodeRegistration:
  kubeletExtraArgs:
  - name: node-ip
    value: $ADDRESS
timeouts:
  controlPlaneComponentHealthCheck: $health_timeout
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
controlPlaneEndpoint: $ADDRESS:6443
encryptionAlgorithm: ECDSA-P256
controllerManager: {$election}
scheduler: {$election}
networking:
  podSubnet: $POD_NETWORK
---
apiVersion: kube-bootstrap/v1alpha1
kind: BootstrapConfiguration
runtime:
  type: $RUNTIME
rollout:
  healthTimeout: $health_timeout
END
fi

for archive in /opt/images/*.tar /opt/images/*.tar.gz; do
  [ ! -e "$archive" ] || bootstrap images import --config $config "$archive"
done
bootstrap init --config $config
bootstrap status || true
