#!/usr/bin/env bash
# A join of events with themselves, for items of the same user, selects a column of each side: a.item, b.item. The result
# was taken to have both wherever it goes. DataFusion names both "item", and gives both as Arrow, CSV and Parquet. But
# to_pydict and to_pylist give one of them, without a word, and JSON lines have one key twice, of which most readers keep the
# last. Names of their own (AS) keep both.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datafusion==55.0.0 pyarrow==26.0.1

cat > names.py <<'PY'
import json
from pathlib import Path

import datafusion
import pyarrow

context = datafusion.SessionContext()
context.from_arrow(pyarrow.table({"user": ["ann", "ann"], "item": ["tea", "cup"]}), name="events")
pairs = "FROM events a JOIN events b ON a.user = b.user AND a.item < b.item"
both = context.sql(f"SELECT a.item, b.item {pairs}")
named = context.sql(f"SELECT a.item AS one, b.item AS other {pairs}")

print("datafusion", datafusion.__version__)
both.write_json("pairs.json")
file = Path("pairs.json")
line = (file if file.is_file() else next(file.iterdir())).read_text().strip()
table = both.to_arrow_table()
found = {
    "columns as Arrow": [table.column(0).to_pylist(), table.column(1).to_pylist()],
    "to_pydict": both.to_pydict(),
    "to_pylist": both.to_pylist(),
    "a line of JSON": line,
    "that line, read": json.loads(line),
    "with names of their own": named.to_pydict(),
}
for how, what in found.items():
    print(f"{how}: {what}")
assert found == {
    "columns as Arrow": [["cup"], ["tea"]],
    "to_pydict": {"item": ["tea"]},
    "to_pylist": [{"item": "tea"}],
    "a line of JSON": '{"item":"cup","item":"tea"}',
    "that line, read": {"item": "tea"},
    "with names of their own": {"one": ["cup"], "other": ["tea"]},
}, "this has changed"
PY
venv/bin/python names.py
