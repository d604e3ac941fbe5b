#!/usr/bin/env bash
# The newest event of each user was asked for column by column: last of a group, or arg_max by time. A missing value of
# the newest event was taken to come out as missing. pandas, pyarrow and DuckDB's arg_max pass over missing values, each
# column by itself, so the answer is put together from several events, and none of them had these values. polars, and
# arg_max_null in DuckDB, keep to the row; so do pandas' nth(-1) and tail(1).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1

cat > newest.py <<'PY'
import duckdb
import pandas
import polars
import pyarrow

events = pyarrow.table({"user": ["ann"] * 3, "time": [1, 2, 3], "item": ["a", "b", "c"], "device": ["tv", "phone", None]})
frame = events.to_pandas()


def by_duckdb(function):
    query = f"SELECT {function}(item, time), {function}(device, time) FROM events GROUP BY user"
    return duckdb.sql(query).fetchall()[0]


def by_pandas(rows):
    item, device = rows[["item", "device"]].iloc[0]
    return item, None if pandas.isna(device) else device


def by_pyarrow(options):
    columns = [(name, "last", options) for name in ("item", "device")]
    row = events.group_by("user", use_threads=False).aggregate(columns).to_pylist()[0]
    return row["item_last"], row["device_last"]


print("pandas", pandas.__version__, "pyarrow", pyarrow.__version__, end=" ")
print("polars", polars.__version__, "duckdb", duckdb.__version__)
keep = pyarrow.compute.ScalarAggregateOptions(skip_nulls=False)
found = {
    "pandas, last": by_pandas(frame.groupby("user").last()),
    "pandas, last(skipna=False)": by_pandas(frame.groupby("user").last(skipna=False)),
    "pandas, nth(-1)": by_pandas(frame.groupby("user").nth(-1)),
    "pyarrow, last": by_pyarrow(None),
    "pyarrow, last(skip_nulls=False)": by_pyarrow(keep),
    "duckdb, arg_max": by_duckdb("arg_max"),
    "duckdb, arg_max_null": by_duckdb("arg_max_null"),
    "polars, last": polars.from_arrow(events).group_by("user").last().select("item", "device").row(0),
}
for how, row in found.items():
    print(f"{how}: item {row[0]}, device {row[1]}")
mixed = {"pandas, last", "pyarrow, last", "duckdb, arg_max"}
assert found == {how: ("c", "phone" if how in mixed else None) for how in found}, "this has changed"
PY
venv/bin/python newest.py
