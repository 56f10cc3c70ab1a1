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
