#!/usr/bin/env bash
# Runs the tests that reach `unsafe` code under AddressSanitizer: of encodings, segments and exports,
# and those of whole stores. Needs a nightly toolchain. What RocksDB itself does is not looked at.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/sanitize
export RUSTFLAGS="${RUSTFLAGS:-} -Zsanitizer=address"
# RocksDB leaves some of its memory to the end of the process.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}

# With the target named, the flags do not reach build scripts.
run_tests() {
    ${CARGO:-cargo} +nightly test --release -p annals --target "$target" "$@"
}
run_tests --lib -- codec segment export
run_tests --test integration
