#!/usr/bin/env bash
# A string in JSON is in quotes, so an id in JSON lines was taken to be safe from what CSV readers do to ids. It is not:
# pandas makes numbers of strings of digits, DuckDB makes dates, times and UUIDs of strings that look so, and pyarrow
# makes timestamps. An id in the form of a UUID with capitals comes out of DuckDB in small letters. polars alone leaves
# all as they are. Given types cure each.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1

cat > strings.py <<'PY'
import json

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.json

IDS = ["007", "1e5", "2024-01-02", "2024-01-02T03:04:05Z", "12:30:00", "550E8400-E29B-41D4-A716-446655440000"]
TEXT = pyarrow.json.ParseOptions(explicit_schema=pyarrow.schema({"id": pyarrow.string()}))
readers = {
    "pandas": lambda: pandas.read_json("ids.jsonl", lines=True)["id"].iloc[0],
    "pyarrow": lambda: pyarrow.json.read_json("ids.jsonl")["id"][0],
    "polars": lambda: polars.read_ndjson("ids.jsonl")["id"][0],
    "duckdb": lambda: duckdb.sql("SELECT id::VARCHAR FROM 'ids.jsonl'").fetchall()[0][0],
}
typed = {
    "pandas": lambda: pandas.read_json("ids.jsonl", lines=True, dtype={"id": str})["id"].iloc[0],
    "pyarrow": lambda: pyarrow.json.read_json("ids.jsonl", parse_options=TEXT)["id"][0].as_py(),
    "duckdb": lambda: duckdb.sql(
        "SELECT id FROM read_json('ids.jsonl', columns={id: 'VARCHAR'})"
    ).fetchall()[0][0],
}
print("pandas", pandas.__version__, "pyarrow", pyarrow.__version__, "polars", polars.__version__, end=" ")
print("duckdb", duckdb.__version__)
changed = {}
for reader, read in readers.items():
    changed[reader] = []
    for id in IDS:
        with open("ids.jsonl", "w") as file:
            file.write(json.dumps({"id": id}) + "\n")
        value = str(read())
        kind = duckdb.sql("SELECT typeof(id) FROM 'ids.jsonl'").fetchall()[0][0] if reader == "duckdb" else ""
        print(f"{reader}: {id!r} -> {value!r} {kind}")
        if value != id or kind not in ("", "VARCHAR"):
            changed[reader].append(id)
        if reader in typed:
            assert typed[reader]() == id
assert changed == {
    "pandas": ["007", "1e5"],
    "pyarrow": ["2024-01-02", "2024-01-02T03:04:05Z"],
    "polars": [],
    "duckdb": ["2024-01-02", "2024-01-02T03:04:05Z", "12:30:00", "550E8400-E29B-41D4-A716-446655440000"],
}, "this has changed"
PY
venv/bin/python strings.py
