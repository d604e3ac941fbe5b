#!/usr/bin/env bash
# Builds the wheel annals_datafusion, and runs its tests with datafusion-python: build.sh [pytest's arguments]
#
# Installs from PyPI maturin into sql/build, and datafusion with pyarrow, and pytest (requirements.txt) into sql/test of
# the target folder; both are made anew.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd ../../.. && pwd)
target=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")
export CARGO_TARGET_DIR=$target
cargo=${CARGO:-cargo}
python=${PYTHON:-python3}
work=$target/sql

(cd "$root" && "$cargo" build --release -p annals-tool)
if [ -z "${ROCKSDB_LIB_DIR:-}" ]; then
    archive=$(ls -t "$target"/release/build/librocksdb-sys-*/out/librocksdb.a | head -n 1)
    ROCKSDB_LIB_DIR=$(dirname "$archive")
    export ROCKSDB_LIB_DIR ROCKSDB_STATIC=1
fi

rm -rf "$work"
mkdir -p "$work"
"$python" -m venv "$work/build"
"$work/build/bin/pip" install --quiet --disable-pip-version-check "maturin>=1.9,<2"
"$work/build/bin/maturin" build --release --locked --out "$work/wheels" --interpreter "$python"

"$python" -m venv "$work/test"
"$work/test/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt
"$work/test/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps "$work"/wheels/*.whl
ANNALS=$target/release/annals "$work/test/bin/python" -m pytest "$@"
