#!/usr/bin/env bash
# Values of events are often stored in 32 bits: 4.7 is 4.69999980926513671875 there. `value >= 4.7` was taken to keep a row
# into which 4.7 was written. DuckDB turns the literal into 32 bits and keeps it. DataFusion turns the column into 64 bits,
# compares with the exact 4.7 and drops it, in =, IN, >=, HAVING alike, without a word. A cast of the literal makes both the same.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 datafusion==55.0.0 pyarrow==26.0.1

cat > floats.py <<'PY'
import datafusion
import duckdb
import pyarrow

events = pyarrow.table({"row": [1, 2, 3], "value": pyarrow.array([0.1, 0.25, 4.7], pyarrow.float32())})
context = datafusion.SessionContext()
context.from_arrow(events, name="events")

print("duckdb", duckdb.__version__, "datafusion", datafusion.__version__)
expected = {
    "value = 0.1": ([1], []),
    "value IN (0.1, 0.25)": ([1, 2], [2]),
    "value >= 4.7": ([3], []),
    "value > 0.1": ([2, 3], [1, 2, 3]),
    "value >= CAST(4.7 AS FLOAT)": ([3], [3]),
    "value = CAST(0.1 AS FLOAT)": ([1], [1]),
}
for condition, rows in expected.items():
    query = f"SELECT row FROM events WHERE {condition} ORDER BY row"
    found = ([row for (row,) in duckdb.sql(query).fetchall()], context.sql(query).to_pydict()["row"])
    print(f"{condition}: duckdb {found[0]}, datafusion {found[1]}")
    assert found == rows, "this has changed"
PY
venv/bin/python floats.py
