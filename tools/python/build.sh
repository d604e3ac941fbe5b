#!/usr/bin/env bash
# Builds the wheel, in a fresh environment of its own, and runs its tests in another: build.sh [pytest's arguments]
#
# RocksDB is compiled once, for the library: here its archive is linked again. The target folder is the
# workspace's, and another archive is taken where ROCKSDB_LIB_DIR names its folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd ../.. && pwd)
target=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")
export CARGO_TARGET_DIR=$target
cargo=${CARGO:-cargo}
python=${PYTHON:-python3}
work=$target/python

if [ -z "${ROCKSDB_LIB_DIR:-}" ]; then
    (cd "$root" && "$cargo" build --release -p annals-tool)
    archive=$(ls -t "$target"/release/build/librocksdb-sys-*/out/librocksdb.a | head -n 1)
    ROCKSDB_LIB_DIR=$(dirname "$archive")
    export ROCKSDB_LIB_DIR ROCKSDB_STATIC=1
fi

rm -rf "$work"
mkdir -p "$work"
"$python" -m venv "$work/build"
"$work/build/bin/pip" install --quiet --disable-pip-version-check "maturin>=1.9,<2"
"$work/build/bin/maturin" build --release --locked --out "$work/wheels" --interpreter "$python"

wheel=$(ls "$work"/wheels/*.whl)
bytes=$(stat -c %s "$wheel")
most=$((10 << 20))
printf '%s: %d bytes\n' "$(basename "$wheel")" "$bytes"
if [ "$bytes" -gt "$most" ]; then
    echo "the wheel has more than $most bytes" >&2
    exit 1
fi

"$python" -m venv "$work/test"
"$work/test/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps "$wheel"
"$work/test/bin/python" -c "import annalsdb; print('annalsdb', annalsdb.__version__)"
"$work/test/bin/pip" install --quiet --disable-pip-version-check -r tests/requirements.txt
if [ -n "${ANNALSDB_TORCH:-}" ]; then
    "$work/test/bin/pip" install --quiet --disable-pip-version-check -r tests/requirements-torch.txt
fi
"$work/test/bin/python" -m mypy.stubtest annalsdb._annalsdb --ignore-disjoint-bases
"$work/test/bin/python" -m pytest "$@"
