#!/usr/bin/env bash
# A column of lists that came from Parquet, such as a user's history, was taken to be written to CSV whole, or refused.
# pandas writes each list as numpy prints it: without commas, floats with eight digits, and of more than 1000 items only
# the first three and the last three with three dots between them. No error, no warning, and the rest is gone. polars and
# pyarrow refuse to write lists as CSV, DuckDB writes all of them; so does to_json of pandas.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1

cat > lists.py <<'PY'
import json
import warnings

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.csv

warnings.simplefilter("error")
ITEMS = [f"item{n}" for n in range(1001)]
histories = pyarrow.table({"user": ["ann"], "items": [ITEMS]})
weights = pyarrow.table({"weights": [[0.123456789012]]})


def refused(write):
    try:
        write()
        return False
    except Exception as error:
        print("  ", type(error).__name__, error)
        return True


print("pandas", pandas.__version__, "pyarrow", pyarrow.__version__, end=" ")
print("polars", polars.__version__, "duckdb", duckdb.__version__)
frame = histories.to_pandas()
cell = frame.to_csv(index=False).splitlines()[1]
digits = weights.to_pandas().to_csv(index=False).splitlines()[1]
print("pandas:", cell)
print("pandas:", digits)
print("polars:")
by_polars = refused(lambda: polars.from_arrow(histories).write_csv())
print("pyarrow:")
by_pyarrow = refused(lambda: pyarrow.csv.write_csv(histories, "refused.csv"))
duckdb.sql("COPY histories TO 'duckdb.csv'")
with open("duckdb.csv") as file:
    by_duckdb = file.read().count("item") - 1
print(f"duckdb: {by_duckdb} of {len(ITEMS)} items in the file")
assert json.loads(frame.to_json(orient="records"))[0]["items"] == ITEMS
assert cell == "ann,['item0' 'item1' 'item2' ... 'item998' 'item999' 'item1000']", "this has changed"
assert digits == "[0.12345679]", "this has changed"
assert (by_polars, by_pyarrow, by_duckdb) == (True, True, len(ITEMS)), "this has changed"
PY
venv/bin/python lists.py
