#!/bin/bash
# Makes a fresh clone ready: npm packages, the native addon, dist/, and the Debian packages given as arguments.
#   bash scripts/setup.sh [PACKAGE…]        e.g. bash scripts/setup.sh nginx iperf3
# Does only what is missing or out of date, and nothing at all (in well under a second) when all is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { echo "setup: $*" >&2; }
fail() { say "$*"; exit 1; }

# quietly WHAT COMMAND…: shows the output only of a command that fails.
quietly() {
  local what=$1 log
  shift
  log=$(mktemp)
  say "$what"
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "failed: $what"
  fi
  rm -f "$log"
}

# newer_than STAMP PATH…: true when STAMP is not there or something under a PATH is newer.
newer_than() {
  local stamp=$1
  shift
  [ ! -e "$stamp" ] || [ -n "$(find "$@" -newer "$stamp" -print -quit)" ]
}

debian_packages() {
  local package missing=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local install="apt-get install -y --no-install-recommends ${missing[*]}"
  command -v apt-get >/dev/null || fail "needs ${missing[*]}, and there is no apt-get to install them"
  [ "$(id -u)" = 0 ] || fail "needs ${missing[*]}; as root: $install"
  export DEBIAN_FRONTEND=noninteractive
  quietly "apt-get update" apt-get update
  # Debian starts a daemon that it installs, unless this program says no.
  local policy=/usr/sbin/policy-rc.d made=no
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy && made=yes
  fi
  [ $made = no ] || trap "rm -f $policy" EXIT
  quietly "$install" $install
  [ $made = no ] || { rm -f $policy; trap - EXIT; }
}

node_version() {
  command -v node >/dev/null || fail "needs Node 20.19 or newer: https://nodejs.org"
  local version major minor
  version=$(node -p process.versions.node)
  IFS=. read -r major minor _ <<<"$version"
  [ "$major" -gt 20 ] || { [ "$major" = 20 ] && [ "$minor" -ge 19 ]; } || fail "needs Node 20.19 or newer, found $version"
}

# node-gyp downloads Node's headers unless it is told that they are installed already.
node_headers() {
  local prefix
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  [ ! -e "$prefix/include/node/node_api.h" ] || export npm_config_nodedir="$prefix"
}

node_version
debian_packages "$@"
node_headers
export npm_config_update_notifier=false

# `npm ci` refuses a lock file that was written where a registry lacks the optional packages of other platforms;
# `npm install` takes the same locked versions then, and --no-save leaves the lock file alone.
install_packages() {
  npm ci --no-audit --no-fund || npm install --no-save --no-audit --no-fund
}

installed=node_modules/.package-lock.json
if newer_than "$installed" package-lock.json; then
  quietly "npm ci" install_packages
  touch "$installed"
fi

addon=build/Release/vpn_ws.node
if newer_than "$addon" native binding.gyp; then
  quietly "building the native addon" env npm_config_build_from_source=true npm run install
  touch "$addon"
fi

# A stamp of our own, because tsc writes its output even when it has found errors.
built=dist/.complete
if newer_than "$built" src web tsconfig.json tsconfig.build.json package.json; then
  quietly "npm run build" npm run build
  touch "$built"
fi
