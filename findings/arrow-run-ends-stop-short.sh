#!/usr/bin/env bash
# A user column that is sorted is a case for run-end encoding, which Arrow has had for years; it was taken to be usable
# in its own library. pyarrow makes, slices and sends such a column, and cannot filter, take, sort, compare, group or write it
# to Parquet. polars and nanoarrow do not take it; DuckDB and DataFusion do. run_end_decode gives a plain column.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1 \
    datafusion==55.0.0 nanoarrow==0.9.0

cat > runs.py <<'PY'
from importlib.metadata import version

import datafusion
import duckdb
import nanoarrow
import polars
import pyarrow
import pyarrow.compute
import pyarrow.parquet

users = pyarrow.compute.run_end_encode(pyarrow.array(["ann", "ann", "bob"]))
table = pyarrow.table({"user": users, "item": ["tea", "pie", "tea"]})
uses = {
    "pyarrow, slice": lambda: table.slice(1).to_pylist(),
    "pyarrow, IPC": lambda: pyarrow.ipc.new_file("runs.arrow", table.schema).write_table(table),
    "pyarrow, filter by another column": lambda: table.filter(pyarrow.compute.field("item") == "tea"),
    "pyarrow, take": lambda: table.take([0, 2]),
    "pyarrow, sort by another column": lambda: table.sort_by("item"),
    "pyarrow, compare": lambda: pyarrow.compute.equal(table["user"], "ann"),
    "pyarrow, group": lambda: table.group_by("user").aggregate([("item", "count")]),
    "pyarrow, Parquet": lambda: pyarrow.parquet.write_table(table, "runs.parquet"),
    "polars": lambda: polars.from_arrow(table),
    "nanoarrow": lambda: nanoarrow.Array(users).to_pylist(),
    "duckdb": lambda: duckdb.sql("SELECT * FROM table_of_runs").fetchall(),
    "datafusion": lambda: datafusion.SessionContext().from_arrow(table).to_pylist(),
}
table_of_runs = table
print(*(f"{name} {version(name)}" for name in ("pyarrow", "polars", "duckdb", "datafusion", "nanoarrow")))
works = []
for use, call in uses.items():
    try:
        call()
        works.append(use)
        print(f"{use}: works")
    except Exception as error:
        print(f"{use}: {type(error).__name__}: {str(error)[:90]}")
plain = pyarrow.compute.run_end_decode(users)
assert plain.to_pylist() == ["ann", "ann", "bob"]
assert works == ["pyarrow, slice", "pyarrow, IPC", "duckdb", "datafusion"], "this has changed"
PY
venv/bin/python runs.py
