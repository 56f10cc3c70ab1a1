#!/bin/sh
# Brings up a control plane from nothing: packages, component images, then init below .bootstrap (or $BOOTSTRAP_ROOT).
# Needs neither root nor a container engine. Run again, it keeps what is there.
set -eu
cd "$(dirname "$0")/.."
sh scripts/install.sh

version=v1.37.2
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kube-bootstrap
for image in etcd_3.7.0-0 kube-apiserver_$version kube-controller-manager_$version kube-scheduler_$version; do
  if [ ! -e "$cache/images/$image.tar" ]; then
    echo "component images are missing: building them (some minutes, once) …" >&2
    npm run --silent components -- --set control-plane
    break
  fi
done

root=${BOOTSTRAP_ROOT:-.bootstrap}
bin/bootstrap init --root-dir "$root" --runtime process --apiserver-advertise-address 127.0.0.1 "$@"

kubectl=$cache/bin/$version/kubectl
if ! command -v kubectl >/dev/null 2>&1 && [ -x "$kubectl" ]; then
  echo
  echo "kubectl is at $kubectl:"
  echo "  export PATH=\"$cache/bin/$version:\$PATH\""
fi
