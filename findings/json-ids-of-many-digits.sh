#!/usr/bin/env bash
# Whole numbers in JSON were taken to stay whole, or to be refused when too large. From 2^63 on pyarrow reads them as
# floats, from 2^64 on DuckDB does, so neighbouring ids become one; pandas refuses them from 2^64 on, polars goes on with
# 128 bits. In pandas one null in the column makes floats of all of them, from 2^53 on with the same loss.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1

cat > digits.py <<'PY'
import duckdb
import pandas
import polars
import pyarrow
import pyarrow.json

CASES = {
    "above 2^53": ["9007199254740993", "9007199254740992"],
    "above 2^53 and null": ["9007199254740993", "9007199254740992", "null"],
    "above 2^63": ["9223372036854775809", "9223372036854775810"],
    "above 2^64": ["18446744073709551617", "18446744073709551618"],
}
READERS = {
    "pandas": lambda: pandas.read_json("ids.jsonl", lines=True)["id"].dropna().tolist(),
    "pyarrow": lambda: pyarrow.json.read_json("ids.jsonl")["id"].drop_null().to_pylist(),
    "polars": lambda: polars.read_ndjson("ids.jsonl")["id"].drop_nulls().to_list(),
    "duckdb": lambda: [row[0] for row in duckdb.sql("SELECT id FROM 'ids.jsonl' WHERE id IS NOT NULL").fetchall()],
}

print("pandas", pandas.__version__, "pyarrow", pyarrow.__version__, end=" ")
print("polars", polars.__version__, "duckdb", duckdb.__version__)
found = {reader: {} for reader in READERS}
for case, ids in CASES.items():
    with open("ids.jsonl", "w") as file:
        file.writelines(f'{{"id": {id}}}\n' for id in ids)
    for reader, read in READERS.items():
        try:
            values = read()
            exact = values == [int(id) for id in ids if id != "null"] and isinstance(values[0], int)
            what = "exact" if exact else f"{len(set(values))} distinct, {type(values[0]).__name__}"
        except Exception as error:
            what = type(error).__name__
        found[reader][case] = what
        print(f"{case}: {reader}: {what}")
one = "1 distinct, float"
assert {reader: list(cases.values()) for reader, cases in found.items()} == {
    "pandas": ["exact", one, "exact", "ValueError"],
    "pyarrow": ["exact", "exact", one, one],
    "polars": ["exact", "exact", "exact", "exact"],
    "duckdb": ["exact", "exact", "exact", one],
}, "this has changed"
PY
venv/bin/python digits.py
