#!/bin/bash
# npm run demo [-- --nginx]: two machines on one Ethernet through our server, in namespaces, from a fresh clone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ "$(id -u)" != 0 ]; then
  echo "The demo needs root: it makes network namespaces, veth pairs and TAP devices (nothing outside of them is" >&2
  echo "touched, and all are removed at the end). Run it as: sudo npm run demo" >&2
  exit 1
fi

packages=(iproute2 iperf3 iputils-ping)
for argument in "$@"; do
  [ "$argument" != --nginx ] || packages+=(nginx)
done
bash scripts/setup.sh "${packages[@]}"
exec node --import tsx lab/demo.ts "$@"
