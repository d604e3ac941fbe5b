#!/usr/bin/env bash
# Counts the instructions of the hot paths under callgrind: they are stable where times are not.
# Each work runs twice, longer the second time; the figure is the difference, by what it did more.
# Writes the table to standard output.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v valgrind >/dev/null; then
    echo "callgrind: no valgrind on the path: install it (Debian, Ubuntu: apt-get install valgrind)" >&2
    exit 1
fi

program=$(${CARGO:-cargo} bench -p annals --bench instructions --no-run --message-format=json |
    sed -n 's/.*"name":"instructions".*"executable":"\([^"]*\)".*/\1/p' | tail -n 1)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$program" build "$folder/store"

# Instructions of one run: inside of the named function, or of the whole process without a name.
# An import writes into a new store, which is left for the next.
count() {
    local work=$1 name=$2 times=$3 store=$folder/store inside=()
    [ -z "$name" ] || inside=(--toggle-collect="*$name*")
    case $work in import | put) store=$folder/$work$times ;; esac
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "${inside[@]}" \
        "$program" "$work" "$store" "$times" 2>&1 | sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

# The rows of the store that is read, as the program has them.
rows=$(sed -n 's/^const ROWS: u64 = \(.*\);/\1/p' benches/instructions.rs | tr -d _)

# Instructions that COUNT more of a work take: twice the count against once.
more() {
    local once twice
    once=$(count "$1" "$2" "$3")
    twice=$(count "$1" "$2" $((2 * $3)))
    echo $((twice - once))
}

# line LABEL INSTRUCTIONS UNITS
line() {
    awk -v label="$1" -v n="$2" -v by="$3" 'BEGIN { printf "| %s | %.1f |\n", label, n / by }'
}

echo "| work | instructions |"
echo "|---|---:|"
line "one warm history of 100 rows, copied out" "$(more history counted_histories 2000)" 2000
line "one warm history of 100 rows, as a view" "$(more view counted_views 2000)" 2000
line "one filter of 500 candidates" "$(more unseen counted_filters 1000)" 1000
line "one filter expression of 500 candidates, newest of each event type" "$(more filter counted_expressions 1000)" 1000
line "one filter expression of 500 candidates, whole history" "$(more filter-all counted_expressions 1000)" 1000
line "a row of a scan, all columns, as codes" "$(more scan-all counted_scans 10)" $((10 * rows))
line "a row of a scan, user, item and time, as codes" "$(more scan-three counted_scans 10)" $((10 * rows))
# An import is counted with its threads, and so with the drawing of its rows.
imported=$(more import "" 100000)
drawn=$(more generate "" 100000)
line "a row of an import" $((imported - drawn)) 100000
line "a single put, buffered" "$(more put counted_puts 10000)" 10000
line "an event of a request, from JSON to its check" "$(more check-request counted_requests 1000)" 10000
