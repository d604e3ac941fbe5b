#!/usr/bin/env bash
# Training data by annals, DuckDB and polars over the same rows: benches/exports/compare.py.
#   ROWS=n      how many interactions (default 2,000,000)
#   RUNS=n      how often each work runs (default 5); the median counts
#   SHAPES=...  default "even shop"
# Takes the wheel that `make python` has built, and installs the others (requirements.txt) from PyPI into .venv here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
target=$(realpath "${CARGO_TARGET_DIR:-../../target}")
wheel=$(ls "$target"/python/wheels/*.whl 2>/dev/null | head -n 1 || true)
if [ -z "$wheel" ]; then
    echo "run.sh: no wheel in $target/python/wheels: run 'make python'" >&2
    exit 1
fi
if [ ! -x .venv/bin/python ]; then
    python3 -m venv .venv
fi
.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --force-reinstall "$wheel"
for shape in ${SHAPES:-even shop}; do
    .venv/bin/python compare.py --shape "$shape" --rows "${ROWS:-2000000}" --runs "${RUNS:-5}" --results "results-$shape.md"
done
