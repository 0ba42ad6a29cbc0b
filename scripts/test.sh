#!/bin/bash
# Everything that can be checked: types, style, unused code, then the tests, those in namespaces two files at a time.
# Ends with status 0 only if all of it passed; goes on after a failure, so that one run shows all that is wrong.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

packages=()
[ "$(id -u)" != 0 ] || packages=(nginx iperf3 iproute2 iputils-ping openssl dnsmasq-base udhcpc apache2-utils util-linux systemd squid microsocks dante-server haproxy chromium prometheus)
bash scripts/setup.sh "${packages[@]}" || exit 1
shopt -s globstar nullglob

failed=()
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
step() {
  local name=$1
  shift
  echo "== $name"
  "$@" || failed+=("$name")
}

# Files are listed by the shell, because Node 20 takes no patterns; an empty folder is no failure.
run_tests() {
  local name=$1 concurrency=$2
  shift 2
  [ $# -eq 0 ] || step "$name ($# files)" node --import tsx --test --test-concurrency="$concurrency" \
    --test-reporter=tap --test-reporter-destination=stdout \
    --test-reporter=spec --test-reporter-destination="$reports/$name" "$@"
}

# What failed and why, once more at the end, where whoever looks for the fault begins to read.
explain_failures() {
  local report
  for report in "$reports"/*; do
    sed -n '/failing tests:/,$p' "$report"
  done
}

step types npx --no-install tsc -p tsconfig.json
step "types of the dashboard" npx --no-install tsc -p web/tsconfig.json
step style npx --no-install biome check
step "unused code" npx --no-install knip
run_tests "unit, property and contract tests" "$(nproc)" \
  test/unit/**/*.test.ts test/property/**/*.test.ts test/contract/**/*.test.ts test/*.test.ts

# What measures times, or floods a server until the machine has nothing left, runs alone. The others mostly wait; their
# namespaces are their own.
alone=(test/system/{doctor,liveness,path}.test.ts test/system/attacks/resources-*.test.ts)
together=()
for file in test/system/**/*.test.ts; do
  [[ " ${alone[*]} " == *" $file "* ]] || together+=("$file")
done
run_tests "system tests" 2 "${together[@]}"
run_tests "system tests that want the machine for themselves" 1 "${alone[@]}"
run_tests "browser tests" 2 test/browser/*.test.ts

if [ ${#failed[@]} -gt 0 ]; then
  explain_failures
  echo "FAILED: $(IFS=,; echo "${failed[*]}")"
  exit 1
fi
echo "all passed"
