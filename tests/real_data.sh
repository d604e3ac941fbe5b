#!/usr/bin/env bash
# Takes real data sets through the tool and compares every answer with a plain scan of the CSV file:
#   bash tests/real_data.sh DATA_DIR
# Each folder in DATA_DIR with an interactions.csv and a schema.json is a data set. Builds nothing:
# the tool must be there (cargo build --release -p annals-tool).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

data=${1:?usage: bash tests/real_data.sh DATA_DIR}
annals=${CARGO_TARGET_DIR:-target}/release/annals
if [ ! -x "$annals" ]; then
    echo "real data: $annals is not there: build it with 'cargo build --release -p annals-tool'" >&2
    exit 1
fi
data=$(realpath "$data")
annals=$(realpath "$annals")

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

found=0
for set in "$data"/*/; do
    [ -f "$set/interactions.csv" ] && [ -f "$set/schema.json" ] || continue
    found=$((found + 1))
    mkdir "$folder/$found"
    python3 tests/real_data.py "$annals" "$set" "$folder/$found"
done
if [ "$found" -eq 0 ]; then
    echo "real data: no folder in $data has an interactions.csv and a schema.json" >&2
    exit 1
fi
echo "real data: $found data sets passed"
