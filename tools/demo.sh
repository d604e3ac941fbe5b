#!/usr/bin/env bash
# The main job of annals, from a CSV file to answers, with the time that each step took.
#   ROWS=n   how many interactions (default 1,000,000)
#   KEEP=1   keep the folder with the CSV file and the store, and say where it is
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

rows=${ROWS:-1000000}
annals=${CARGO_TARGET_DIR:-target}/release/annals
if [ ! -x "$annals" ]; then
    echo "demo: $annals is not there: build it with 'cargo build --release -p annals-tool'" >&2
    exit 1
fi
annals=$(realpath "$annals")

folder=$(mktemp -d)
finish() {
    local status=$?
    if [ "${KEEP:-}" = 1 ]; then echo "kept: $folder"; else rm -rf "$folder"; fi
    [ "$status" -eq 0 ] || echo "demo: failed with status $status" >&2
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$folder"

# Runs the tool with the arguments given, and says what ran and how long it took. `OUT=file` takes
# the answer into a file.
run() {
    local start=$EPOCHREALTIME end
    printf '\n$ annals %s%s\n' "$*" "${OUT:+ > $OUT}"
    if [ -n "${OUT:-}" ]; then "$annals" "$@" >"$OUT"; else "$annals" "$@"; fi
    end=$EPOCHREALTIME
    # The separator is a comma in some locales.
    printf -- '-- %d ms\n' $(((${end/[.,]/} - ${start/[.,]/}) / 1000))
}

run generate --rows "$rows" --schema-out schema.json --output interactions.csv
head -n 3 interactions.csv
run init store --schema schema.json
run import store interactions.csv

# The user with the most interactions. The columns before the impressions hold no quoted commas.
user=$(awk -F, '
    NR == 1 { for (i = 1; i <= NF; i++) if ($i == "USER_ID") column = i; next }
    ++seen[$column] > most { most = seen[$column]; user = $column }
    END { print user }' interactions.csv)
run history store --user "$user" --limit 10 --format table

# 500 candidates: a hundred that the user has met, then items that only others have met (and more
# of the user's own where these run out).
awk -F, -v user="$user" '
    NR == 1 { for (i = 1; i <= NF; i++) { if ($i == "USER_ID") u = i; if ($i == "ITEM_ID") t = i }; next }
    $u == user { if (!met[$t]++) own[++owned] = $t; next }
    !known[$t]++ { others[++other] = $t }
    function take(item) { if (taken < 500) { taken++; print item } }
    END {
        for (i = 1; i <= owned && i <= 100; i++) take(own[i])
        for (i = 1; i <= other; i++) if (!met[others[i]]) take(others[i])
        for (i = 101; i <= owned; i++) take(own[i])
    }' interactions.csv >candidates.txt
OUT=remaining.txt run unseen store --user "$user" --candidates candidates.txt
echo "$(wc -l <remaining.txt) of $(wc -l <candidates.txt) candidates remain, the first of them:"
head -n 3 remaining.txt

run export store --output exported.csv
echo "$(($(wc -l <exported.csv) - 1)) rows, $(wc -c <exported.csv) bytes"
run stats store
run verify store
echo
echo "CSV: $(wc -c <interactions.csv) bytes; store: $(du -sb store | cut -f 1) bytes"
