#!/bin/sh
# Removes what scripts/up.sh brought up; images and packages stay.
set -eu
cd "$(dirname "$0")/.."
bin/bootstrap reset --force --root-dir "${BOOTSTRAP_ROOT:-.bootstrap}" "$@"
