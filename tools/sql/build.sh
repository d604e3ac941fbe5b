#!/usr/bin/env bash
# Runs a cargo command on the SQL tool. RocksDB is compiled once, for the library: here its archive is linked
# again, since parquet adds a feature to zstd-sys and cargo would compile all that depends on it anew.
#   tools/sql/build.sh build|test|... [cargo's arguments]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$(cd ../.. && pwd)
target=$(realpath -m "${CARGO_TARGET_DIR:-$root/target}")
export CARGO_TARGET_DIR=$target
cargo=${CARGO:-cargo}

if [ -z "${ROCKSDB_LIB_DIR:-}" ]; then
    (cd "$root" && "$cargo" build --release -p annals-tool)
    archive=$(ls -t "$target"/release/build/librocksdb-sys-*/out/librocksdb.a | head -n 1)
    ROCKSDB_LIB_DIR=$(dirname "$archive")
    export ROCKSDB_LIB_DIR ROCKSDB_STATIC=1
fi
"$cargo" "${1:-build}" --release "${@:2}"
