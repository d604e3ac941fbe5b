#!/usr/bin/env bash
# Makes a release archive that needs no compiler: the tool as one binary that loads no library, its
# completions and manual pages, the licences of all that is in it, and a checksum. Into target/dist.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C

CARGO=${CARGO:-cargo}
target=$($CARGO metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
profile=${PROFILE:-release}
host=$(rustc -vV | sed -n 's/^host: //p')
version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"$/\1/p' Cargo.toml)
name=annals-$version-$host

# With a target that is named the flags are for the tool alone, not for build scripts and macros.
case $host in
*-linux-*) export RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static" ;;
esac
# shellcheck disable=SC2086
$CARGO build --profile "$profile" -p annals-tool --target "$host" ${CARGO_FLAGS:-}
folder=$profile
[ "$profile" != dev ] || folder=debug
binary=$target/$host/$folder/annals

dist=$target/dist
rm -rf "${dist:?}/$name"
mkdir -p "$dist/$name"
tools/install.sh "$binary" "$dist/$name"
cp README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$dist/$name/"

# Of each crate that is linked in: name, version and licence, and the files that it brings.
licences=$dist/$name/licences
mkdir -p "$licences"
$CARGO tree -p annals-tool -e normal --target "$host" --prefix none --format '{p}|{l}' |
    sed 's/ (proc-macro)//; s/ (\*)//' | sort -u | grep -v ' (/' |
    while IFS='|' read -r package licence; do
        crate=${package% v*}-${package##* v}
        printf '%s: %s\n' "$crate" "$licence"
        for source in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"$crate"; do
            for file in "$source"/LICEN[CS]E* "$source"/COPYING* "$source"/NOTICE* \
                "$source"/rocksdb/LICENSE* "$source"/rocksdb/COPYING; do
                [ ! -f "$file" ] || install -D -m 644 "$file" "$licences/$crate/${file##*/}"
            done
        done
    done >"$licences/LIST.txt"

# The same sources give the same archive.
when=$(git log -1 --format=%ct 2>/dev/null || echo 0)
tar --sort=name --mtime="@$when" --owner=0 --group=0 --numeric-owner -C "$dist" -cf - "$name" |
    gzip -n9 >"$dist/$name.tar.gz"
(cd "$dist" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
rm -rf "${dist:?}/$name"
printf 'dist: %s\n' "$dist/$name.tar.gz" "$dist/$name.tar.gz.sha256" >&2
