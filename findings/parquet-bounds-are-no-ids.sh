#!/usr/bin/env bash
# The smallest and largest value of a column in a Parquet footer were taken to be values of the column. For text longer
# than 64 bytes polars and arro3 write a bound of 64 bytes, DuckDB one of 256 for text longer than that, with the last
# byte of the largest raised, so that it is no id of the file. pyarrow writes all of it up to 4096 bytes, and no bounds
# beyond; fastparquet writes none for text. What pyarrow shows of a footer does not say whether a bound is exact.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1 \
    arro3-core==0.9.1 arro3-io==0.9.1 fastparquet==2026.9.0 pandas==3.1.1

cat > bounds.py <<'PY'
from importlib.metadata import version

import arro3.io
import duckdb
import fastparquet
import polars
import pyarrow
import pyarrow.parquet

FILE = "ids.parquet"
WRITERS = {
    "pyarrow": lambda ids: pyarrow.parquet.write_table(ids, FILE),
    "polars": lambda ids: polars.from_arrow(ids).write_parquet(FILE),
    "duckdb": lambda ids: duckdb.sql(f"COPY ids TO '{FILE}'"),
    "arro3-io": lambda ids: arro3.io.write_parquet(ids, FILE),
    "fastparquet": lambda ids: fastparquet.write(FILE, ids.to_pandas()),
}

print(*(f"{package} {version(package)}" for package in WRITERS))
found = {}
for length in (64, 65, 300, 5000):
    ids = pyarrow.table({"user": ["a" * length, "b" * length]})
    for writer, write in WRITERS.items():
        write(ids)
        bounds = pyarrow.parquet.read_metadata(FILE).row_group(0).column(0).statistics
        if bounds is None or not bounds.has_min_max:
            found[writer, length] = "none"
        else:
            what = "an id" if bounds.max in ids["user"].to_pylist() else "no id"
            found[writer, length] = f"{len(bounds.max)} bytes, {what}"
        print(f"{writer}: ids of {length} bytes: largest: {found[writer, length]}")
short = {"polars": "64 bytes, no id", "arro3-io": "64 bytes, no id"}
assert found == {
    (writer, length): {
        "pyarrow": "none" if length == 5000 else f"{length} bytes, an id",
        "duckdb": "256 bytes, no id" if length > 256 else f"{length} bytes, an id",
        "fastparquet": "none",
    }.get(writer)
    or ("64 bytes, an id" if length == 64 else short[writer])
    for writer, length in found
}, "this has changed"
PY
venv/bin/python bounds.py
