#!/usr/bin/env bash
# The twelve queries of the field by annals-sql and by DuckDB, over the same rows, their answers compared.
#   ROWS=n      how many interactions (default 1,000,000)
#   RUNS=n      how often each query runs (default 5); the median counts
#   RESULTS=F   where the table goes (default results.md here)
# Takes the tools annals and annals-sql, which `make sql` builds, and installs DuckDB (requirements.txt) from
# PyPI into .venv here. Rows, stores and the database go to scratch here, and stay there for the next time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
target=$(realpath "${CARGO_TARGET_DIR:-../../target}")
rows=${ROWS:-1000000}

for tool in annals annals-sql; do
    if [ ! -x "$target/release/$tool" ]; then
        echo "run.sh: $target/release/$tool is not there: run 'make sql'" >&2
        exit 1
    fi
done
if [ ! -x .venv/bin/python ]; then
    python3 -m venv .venv
fi
if ! cmp -s requirements.txt .venv/installed.txt; then
    .venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
    cp requirements.txt .venv/installed.txt
fi

folder=scratch/$rows
if [ ! -d "$folder" ]; then
    unfinished=$folder.unfinished
    rm -rf "$unfinished"
    mkdir -p "$unfinished"
    annals=$target/release/annals
    "$annals" generate --rows "$rows" --schema-out "$unfinished/schema.json" --output "$unfinished/interactions.csv"
    "$annals" init "$unfinished/store" --schema "$unfinished/schema.json"
    "$annals" import "$unfinished/store" "$unfinished/interactions.csv"
    mv "$unfinished" "$folder"
fi
.venv/bin/python compare.py --annals-sql "$target/release/annals-sql" --folder "$folder" --rows "$rows" \
    --runs "${RUNS:-5}" --results "${RESULTS:-results.md}"
