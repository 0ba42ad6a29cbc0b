#!/bin/bash
# npm run lab [-- --quick] [--only NAME,…] [--json FILE]: how the VPN behaves where it is difficult; see lab/run.ts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ "$(id -u)" != 0 ]; then
  echo "The lab needs root: it makes network namespaces and TAP devices. Run it as: sudo npm run lab" >&2
  exit 1
fi

bash scripts/setup.sh iproute2 iperf3 iputils-ping
exec node --import tsx lab/run.ts "$@"
