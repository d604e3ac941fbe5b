#!/usr/bin/env bash
# A wrapper of rustc that has annals and its fuzz targets count what they cover, and check overflows
# and debug assertions, on a stable toolchain: RUSTC_WRAPPER=tools/fuzz/instrument.sh cargo build
# Flags for all crates, as cargo-fuzz sets them, would compile RocksDB again.
set -euo pipefail
compiler=$1
shift
flags=()
previous=
for argument in "$@"; do
    if [ "$previous" = --crate-name ]; then
        case $argument in
        annals | annals_fuzz | schema | csv_import | json_line | put_events | manifest | segment | stream | spelling | list | hot_key | hot_row | filter | attribute_table)
            flags=(
                -Cpasses=sancov-module
                -Cllvm-args=-sanitizer-coverage-level=4
                -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
                -Cllvm-args=-sanitizer-coverage-pc-table
                -Cllvm-args=-sanitizer-coverage-trace-compares
                -Ccodegen-units=1
                -Coverflow-checks=on
                -Cdebug-assertions=on
            )
            ;;
        esac
    fi
    previous=$argument
done
exec "$compiler" "$@" "${flags[@]}"
