#!/usr/bin/env bash
# What a left join finds no event for was taken to be null in chDB, as in DuckDB or DataFusion, and so was the newest time
# of no events. It is the default of the type: 0, the empty text, 1970, which are values that a real event could have.
# join_use_nulls and aggregate_functions_null_for_empty make them null.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check chdb==4.4.0 chdb-core==26.9.0

cat > missing.py <<'PY'
import json
from importlib.metadata import version

import chdb


def row(query):
    return json.loads(str(chdb.query(query, "JSONCompact")))["data"][0]


JOIN = """
SELECT rating, device FROM (SELECT 'bob' AS user) AS users
LEFT JOIN (SELECT 'ann' AS user, 5 AS rating, 'tv' AS device) AS events ON users.user = events.user
"""
NEWEST = "SELECT max(toDateTime(1700000000, 'UTC')), min(5) FROM numbers(0)"

print("chdb", version("chdb"), "of ClickHouse", row("SELECT version()")[0])
found = {
    "left join": row(JOIN),
    "left join, join_use_nulls": row(JOIN + "SETTINGS join_use_nulls = 1"),
    "newest of none": row(NEWEST),
    "newest of none, null for empty": row(NEWEST + " SETTINGS aggregate_functions_null_for_empty = 1"),
}
for what, values in found.items():
    print(f"{what}: {values}")
assert found == {
    "left join": [0, ""],
    "left join, join_use_nulls": [None, None],
    "newest of none": ["1970-01-01 00:00:00", 0],
    "newest of none, null for empty": [None, None],
}, "this has changed"
PY
venv/bin/python missing.py
