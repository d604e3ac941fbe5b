#!/usr/bin/env bash
# A null of a dictionary column may stand in the indices or, which Arrow allows as well, among the values
# (null_encoding="encode"). pyarrow was taken to treat both alike. Of the second it finds the null with is_null, but
# counts none, drops none and fills none; it cannot write the column to Parquet, and pandas cannot take it. polars and
# DuckDB read both alike. A cast to text makes the column plain again.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1 pandas==3.1.1

cat > nulls.py <<'PY'
import duckdb
import pandas
import polars
import pyarrow
import pyarrow.compute
import pyarrow.parquet


def outcome(call):
    try:
        return call()
    except Exception as error:
        return type(error).__name__


print("pyarrow", pyarrow.__version__, "polars", polars.__version__, end=" ")
print("duckdb", duckdb.__version__, "pandas", pandas.__version__)
found = {}
for where in ("mask", "encode"):
    column = pyarrow.array(["tv", None, "tv"]).dictionary_encode(null_encoding=where)
    events = pyarrow.table({"device": column})
    assert column.to_pylist() == ["tv", None, "tv"]
    assert column.cast(pyarrow.string()).null_count == 1
    found[where] = {
        "pyarrow, is_null": pyarrow.compute.is_null(column).to_pylist(),
        "pyarrow, null_count": column.null_count,
        "pyarrow, rows left by drop_null": events.drop_null().num_rows,
        "pyarrow, fill_null": column.fill_null("none").to_pylist(),
        "pyarrow, to Parquet": outcome(lambda: pyarrow.parquet.write_table(events, "events.parquet")),
        "pandas, missing": outcome(lambda: int(events.to_pandas()["device"].isna().sum())),
        "polars, null_count": polars.from_arrow(events)["device"].null_count(),
        "duckdb, IS NULL": duckdb.sql("SELECT count(*) FROM events WHERE device IS NULL").fetchall()[0][0],
    }
for what in found["mask"]:
    print(f"{what}: {found['mask'][what]} in the indices, {found['encode'][what]} among the values")
same = {"pyarrow, is_null": [False, True, False], "polars, null_count": 1, "duckdb, IS NULL": 1}
assert found == {
    "mask": same
    | {
        "pyarrow, null_count": 1,
        "pyarrow, rows left by drop_null": 2,
        "pyarrow, fill_null": ["tv", "none", "tv"],
        "pyarrow, to Parquet": None,
        "pandas, missing": 1,
    },
    "encode": same
    | {
        "pyarrow, null_count": 0,
        "pyarrow, rows left by drop_null": 3,
        "pyarrow, fill_null": ["tv", None, "tv"],
        "pyarrow, to Parquet": "ArrowNotImplementedError",
        "pandas, missing": "ValueError",
    },
}, "this has changed"
PY
venv/bin/python nulls.py
