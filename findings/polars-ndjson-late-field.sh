#!/usr/bin/env bash
# A field that first appears late in a file of JSON lines, as after a new version of an app, was taken to become a
# column, or an error. polars looks at the first 100 lines for the fields and leaves out what comes first in later ones,
# without a word. pandas, pyarrow and DuckDB have the column. infer_schema_length=None cures it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1

cat > late.py <<'PY'
import json
import warnings

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.json

warnings.simplefilter("error")


def columns(early):
    with open("events.jsonl", "w") as file:
        for line in range(early):
            file.write(json.dumps({"user": f"u{line}"}) + "\n")
        file.write(json.dumps({"user": "late", "device": "phone"}) + "\n")
    return {
        "pandas": list(pandas.read_json("events.jsonl", lines=True).columns),
        "pyarrow": pyarrow.json.read_json("events.jsonl").column_names,
        "duckdb": duckdb.sql("FROM 'events.jsonl'").columns,
        "polars": polars.read_ndjson("events.jsonl").columns,
        "polars, scanned": polars.scan_ndjson("events.jsonl").collect().columns,
        "polars, all lines looked at": polars.read_ndjson("events.jsonl", infer_schema_length=None).columns,
    }


print("pandas", pandas.__version__, "pyarrow", pyarrow.__version__, end=" ")
print("duckdb", duckdb.__version__, "polars", polars.__version__)
for early in (99, 100):
    found = columns(early)
    for reader, names in found.items():
        print(f"new field in line {early + 1}: {reader}: {names}")
    lost = {"polars", "polars, scanned"} if early == 100 else set()
    for reader, names in found.items():
        assert names == (["user"] if reader in lost else ["user", "device"]), "this has changed"
PY
venv/bin/python late.py
