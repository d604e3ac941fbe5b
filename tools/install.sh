#!/usr/bin/env bash
# Puts the tool, its completions and its manual pages below a prefix: tools/install.sh BINARY PREFIX
set -euo pipefail

binary=$1
prefix=$2
share=$prefix/share

install -D -m 755 "$binary" "$prefix/bin/annals"

# Each file is written as a whole before it is put in its place.
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
for shell in bash zsh fish; do
    "$binary" completions "$shell" >"$made/$shell"
done
install -D -m 644 "$made/bash" "$share/bash-completion/completions/annals"
install -D -m 644 "$made/zsh" "$share/zsh/site-functions/_annals"
install -D -m 644 "$made/fish" "$share/fish/vendor_completions.d/annals.fish"

"$binary" man --output "$made/man"
install -d "$share/man/man1"
install -m 644 "$made"/man/*.1 "$share/man/man1/"
printf 'install: annals and what belongs to it are below %s\n' "$prefix" >&2
