#!/bin/bash
# npm run fuzz [-- --seconds N] [--seed S] [--decoder NAME [--input HEX]]: random and mutated input for every decoder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

[ -d node_modules ] || npm ci
exec node --import tsx scripts/fuzz.ts "$@"
