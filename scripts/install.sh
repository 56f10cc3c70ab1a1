#!/bin/sh
# Installs the npm packages when they are missing or the lock file has changed since.
set -eu
cd "$(dirname "$0")/.."
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "installing npm packages …" >&2
  # Not `npm ci`: it refuses where a registry lacks the optional packages of other platforms.
  npm install --no-save --no-fund --no-audit --loglevel=error >&2
  touch node_modules/.package-lock.json
fi
