#!/usr/bin/env bash
# Runs a command as root, who has the same home and finds the same programs.
# usage: scripts/as-root.sh COMMAND ARGUMENT…
set -eu
if [ "$(id -u)" = 0 ]; then exec "$@"; fi
exec sudo --preserve-env env "PATH=$PATH" "HOME=$HOME" "$@"
