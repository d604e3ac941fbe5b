#!/usr/bin/env bash
# Checks what the workspace needs to build, and installs what is missing where apt can: a C and a
# C++ compiler, make, and libclang with its C headers (bindgen reads RocksDB's header with them).
# Silent and quick when everything is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C
# ldconfig lives here, and is not on a plain user's path everywhere.
PATH="$PATH:/usr/sbin:/sbin"

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

check_rust() {
    local minimum version
    minimum=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    if ! have cargo || ! have rustc; then
        die "no Rust toolchain on the path: install Rust $minimum or newer from https://rustup.rs"
    fi
    version=$(rustc --version | cut -d ' ' -f 2)
    if ! printf '%s\n' "$minimum" "$version" | sort -V -C; then
        die "rustc is $version, annals needs $minimum or newer: run 'rustup update stable'"
    fi
}

# Every libclang that the build would find, one path a line.
libclang_paths() {
    local found
    shopt -s nullglob
    if [ -n "${LIBCLANG_PATH:-}" ]; then
        # The build looks nowhere else when this is set.
        if [ -f "$LIBCLANG_PATH" ]; then found=("$LIBCLANG_PATH"); else found=("$LIBCLANG_PATH"/libclang{,-*}.so*); fi
    else
        found=(/usr/lib/llvm-*/lib/libclang{,-*}.so* /usr/local/lib/libclang{,-*}.so*)
        # shellcheck disable=SC2207 # library paths hold no spaces
        found+=($(ldconfig -p 2>/dev/null | sed -n 's/.* => \(.*\/libclang[-.].*\)$/\1/p'))
    fi
    shopt -u nullglob
    [ ${#found[@]} -eq 0 ] || printf '%s\n' "${found[@]}" | grep -v 'libclang-cpp' || true
}

# The major version of a libclang: from its name (libclang-14.so.13, libclang.so.18.1), or from its
# folder where the name holds only the interface's version (llvm-14/lib/libclang.so.1).
libclang_version() {
    case $1 in
        */llvm-[0-9]*/lib/*) sed -E 's|.*/llvm-([0-9]+)/lib/.*|\1|' <<<"$1" ;;
        *) basename "$(readlink -f "$1")" | sed -nE 's/^libclang(-|\.so\.)([0-9]+).*/\2/p' ;;
    esac
}

# The version that the build will use: of all that are there, the highest.
newest_libclang() {
    local path
    libclang_paths | while read -r path; do libclang_version "$path"; done | sort -n | tail -n 1
}

# Without the headers of its own version libclang parses no C file ('stdbool.h' file not found).
has_headers() {
    local version=$1 path paths header
    [ -z "${BINDGEN_EXTRA_CLANG_ARGS:-}" ] || return 0
    shopt -s nullglob
    local headers=(/usr/lib/llvm-"$version"/lib/clang/*/include/stdbool.h
        /usr/lib{,64}/clang/"$version"{,.*}/include/stdbool.h)
    mapfile -t paths <<<"$(libclang_paths)"
    for path in "${paths[@]}"; do
        headers+=("$(dirname "$(readlink -f "$path")")"/{,../lib/}clang/"$version"{,.*}/include/stdbool.h)
    done
    shopt -u nullglob
    for header in "${headers[@]}"; do [ ! -f "$header" ] || return 0; done
    return 1
}

# What is missing, one word a line: compiler, make, libclang, headers:VERSION.
missing() {
    # CC may hold more than one word ("ccache gcc").
    local cc=${CC:-cc} cxx=${CXX:-c++}
    have "${cc%% *}" && have "${cxx%% *}" || echo compiler
    have make || echo make
    # macOS and the BSDs bring clang with their compilers.
    [ "$(uname -s)" = Linux ] || return 0
    local version
    version=$(newest_libclang)
    if [ -z "$version" ]; then
        echo libclang
    elif ! has_headers "$version"; then
        echo "headers:$version"
    fi
}

has_package() {
    local policy
    policy=$(apt-cache policy "$1" 2>/dev/null)
    [[ $policy == *"  Candidate: "[0-9]* ]]
}
has_clang_packages() { has_package "libclang1-$1" && has_package "libclang-common-$1-dev"; }

# The clang version that this release builds its own packages with, else its newest.
packaged_clang() {
    local version
    for version in $(
        apt-cache depends libclang-dev 2>/dev/null | sed -nE 's/.*Depends: libclang-([0-9]+)-dev$/\1/p'
        apt-cache pkgnames libclang1- 2>/dev/null | sed -nE 's/^libclang1-([0-9]+)$/\1/p' | sort -rn
    ); do
        if has_clang_packages "$version"; then echo "$version"; return; fi
    done
}

# The packages that hold what is missing; fails where apt does not know them (yet).
packages_for() {
    local word version
    for word in "$@"; do
        case $word in
            compiler) echo g++ gcc libc6-dev ;;
            make) echo make ;;
            libclang)
                version=$(packaged_clang)
                [ -n "$version" ] || return 1
                echo "libclang1-$version" "libclang-common-$version-dev" ;;
            headers:*)
                has_package "libclang-common-${word#headers:}-dev" || return 1
                echo "libclang-common-${word#headers:}-dev" ;;
        esac
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}
install_packages() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        -o Dpkg::Use-Pty=0 "$@" >/dev/null
}
update_lists() {
    say "apt-get update"
    as_root apt-get update -qq >&2
}

by_hand() {
    say "install by hand: ${1:-a C++ compiler, make, libclang and its headers}"
    say "  Debian, Ubuntu: apt-get install g++ make libclang1-NN libclang-common-NN-dev"
    say "                  (on Debian 12, NN is 14; 'apt-cache search libclang1' lists others)"
    say "  Fedora:         dnf install gcc-c++ make clang-devel"
    say "  Arch Linux:     pacman -S base-devel clang"
    say "  libclang in another place: set LIBCLANG_PATH to its folder"
    exit 1
}

main() {
    check_rust
    local wanted packages fresh=
    wanted=$(missing | xargs)
    [ -n "$wanted" ] || return 0
    say "missing: $wanted"
    if [ -n "${LIBCLANG_PATH:-}" ] && [[ " $wanted " == *" libclang "* ]]; then
        die "LIBCLANG_PATH is $LIBCLANG_PATH, where no libclang is: correct it, or unset it"
    fi

    have apt-get || by_hand "$wanted (this machine has no apt-get)"
    [ "$(id -u)" -eq 0 ] || have sudo || by_hand "$wanted (installing takes root, or sudo)"

    # The lists below are lists of words.
    # shellcheck disable=SC2086
    if ! packages=$(packages_for $wanted); then
        update_lists || by_hand "$wanted (apt-get update failed)"
        fresh=1
        packages=$(packages_for $wanted) || by_hand "$wanted (apt knows no package for it)"
    fi
    packages=$(xargs <<<"$packages")
    say "apt-get install --no-install-recommends $packages"
    # shellcheck disable=SC2086
    if ! install_packages $packages; then
        # Lists that are older than the mirror name files that are gone.
        [ -z "$fresh" ] && update_lists && install_packages $packages ||
            by_hand "$packages (apt-get failed)"
    fi

    wanted=$(missing | xargs)
    [ -z "$wanted" ] || by_hand "$wanted (still missing after apt-get install)"
    say "done"
}

main
