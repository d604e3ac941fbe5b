#!/usr/bin/env bash
# Several events of one user often have the same second. The last of them by `last(item ORDER BY time)` was taken to be
# the one that arrived last, as the end of `list(item ORDER BY time)` is. DuckDB gives the first one there, and so does
# DataFusion's last_value as soon as there is a GROUP BY; without it, the last one. Only a second column to order by,
# such as a number of arrival, says which event is meant.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 datafusion==55.0.0 pyarrow==26.0.1

cat > last.py <<'PY'
import datafusion
import duckdb
import pyarrow

events = pyarrow.table(
    {
        "user": ["ann", "ann", "ann"],
        "time": [60, 60, 60],
        "arrival": [1, 2, 3],
        "item": ["first", "second", "third"],
    }
)
context = datafusion.SessionContext()
context.from_arrow(events, name="events")


def by_duckdb(query):
    return duckdb.sql(query).fetchall()[0][0]


def by_datafusion(query):
    return context.sql(query).to_pydict()["found"][0]


print("duckdb", duckdb.__version__, "datafusion", datafusion.__version__)
whole = "OVER (PARTITION BY user ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
found = {
    "duckdb, last": by_duckdb("SELECT last(item ORDER BY time) FROM events"),
    "duckdb, last of a group": by_duckdb("SELECT last(item ORDER BY time) FROM events GROUP BY user"),
    "duckdb, end of a list": by_duckdb("SELECT list(item ORDER BY time)[-1] FROM events"),
    "duckdb, last of a window": by_duckdb(f"SELECT last_value(item) {whole} FROM events"),
    "duckdb, last by time and arrival": by_duckdb("SELECT last(item ORDER BY time, arrival) FROM events"),
    "datafusion, last": by_datafusion("SELECT last_value(item ORDER BY time) AS found FROM events"),
    "datafusion, last of a group": by_datafusion(
        'SELECT last_value(item ORDER BY time) AS found FROM events GROUP BY "user"'
    ),
    "datafusion, end of an array of a group": by_datafusion(
        'SELECT array_agg(item ORDER BY time)[3] AS found FROM events GROUP BY "user"'
    ),
    "datafusion, last of a group by time and arrival": by_datafusion(
        'SELECT last_value(item ORDER BY time, arrival) AS found FROM events GROUP BY "user"'
    ),
}
for how, item in found.items():
    print(f"{how}: {item}")
first = {"duckdb, last", "duckdb, last of a group", "datafusion, last of a group"}
assert found == {how: "first" if how in first else "third" for how in found}, "this has changed"
PY
venv/bin/python last.py
