#!/bin/bash
# npm run bench [-- --quick] [--only NAME,…] [--soak SECONDS]: the speed table; see bench/run.ts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ "$(id -u)" != 0 ]; then
  echo "The bench needs root: it makes network namespaces, veth pairs and TAP devices. Run it as: sudo npm run bench" >&2
  exit 1
fi

bash scripts/setup.sh iproute2 iperf3 iputils-ping nginx openssl openvpn gcc libc6-dev libssl-dev
exec node --import tsx bench/run.ts "$@"
