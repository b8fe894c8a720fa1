#!/bin/sh
# Installs what tests and benchmarks need of the system's packages, where it is missing: on Debian and
# its kin all of it, on Alpine and FreeBSD what they have. Elsewhere tests skip what they miss, and say so.
set -eu
cd "$(dirname "$0")/.."

missing() { # command:package...
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || echo "${pair#*:}"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The Redis example is tested with the real client, and against the real server; socket options are
# read back by what other programs show; some tests have a network of their own. The benchmarks of
# http ask by wrk, and ask a real PostgreSQL. The drop-in is tested with real servers and clients, the
# site in a real browser, an echo under valgrind. zig, which builds for other platforms, is installed by
# Python.
if command -v apt-get >/dev/null; then
  packages=$(missing curl:curl redis-cli:redis-tools redis-server:redis-server ss:iproute2 perl:perl \
    unshare:util-linux nft:nftables wrk:wrk openssl:openssl pg_ctlcluster:postgresql mariadbd:mariadb-server \
    mosquitto:mosquitto nats-server:nats-server nghttp:nghttp2-client chromium:chromium cc:gcc strace:strace \
    valgrind:valgrind python3:python3)
  python3 -c 'import ensurepip, venv' 2>/dev/null || packages="$packages python3-venv"
  # Ubuntu verifies packages of Debian by it.
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || packages="$packages debian-archive-keyring"
  if [ -n "$packages" ]; then
    as_root apt-get update -qq
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -qq -y --no-install-recommends $packages >/dev/null
  fi
elif command -v apk >/dev/null; then
  packages=$(missing bash:bash cargo:cargo curl:curl redis-server:redis ss:iproute2-ss perl:perl \
    unshare:util-linux-misc openssl:openssl mosquitto:mosquitto nghttp:nghttp2)
  # shellcheck disable=SC2086
  [ -z "$packages" ] || as_root apk add --no-cache --quiet $packages
elif command -v pkg >/dev/null; then
  packages=$(missing bash:bash cargo:rust curl:curl redis-server:redis perl:perl5)
  # shellcheck disable=SC2086
  [ -z "$packages" ] || as_root pkg install -y $packages
fi

# Tests that have a network of their own make it without being root, which Ubuntu refuses unless told.
setting=kernel.apparmor_restrict_unprivileged_userns
if [ -e "/proc/sys/$(echo "$setting" | tr . /)" ] && command -v sysctl >/dev/null; then
  as_root sysctl -q -w "$setting=0"
fi
