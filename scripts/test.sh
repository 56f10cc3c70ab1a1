#!/bin/sh
# Installs what is missing, then every check and test. What needs a privilege or an engine that this machine lacks
# asserts the refusal that a user would see.
set -eu
cd "$(dirname "$0")/.."
sh scripts/install.sh
export PATH="$PWD/node_modules/.bin:$PATH"
npm run --silent check
npm run --silent components -- --set "${E2E_MATRIX:-test}"
npm run --silent test:unit
npm run --silent test:e2e
# Once more on containerd: what is proven above on Docker and on processes, as far as the runtime can make a difference.
if [ "${E2E_MATRIX:-}" = all ]; then
  set -- lifecycle- e2e/agent- control-plane apply canary drift etcd-change follow-configuration gapless kubelet-api mirror plan.test upgrade
else
  set -- lifecycle-by-hand control-plane e2e/apply.test
fi
E2E_RUNTIME=cri npm run --silent test:e2e -- "$@"
# And by the packaged executable, which has its templates, protocols and libraries inside.
if [ "${E2E_MATRIX:-}" = all ]; then
  node scripts/package/package.ts --executable
  E2E_EXECUTABLE=dist/bootstrap-linux-$(node -p process.arch) npm run --silent test:e2e
fi
