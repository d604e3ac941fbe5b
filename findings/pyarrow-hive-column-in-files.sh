#!/usr/bin/env bash
# A folder by the hive convention whose files hold the column of the partition, too, is read by DuckDB and polars;
# pyarrow refuses it, since it makes the column of the folders a dictionary, and the one in the files is text. Each
# reader takes the folder where the column is in the names of the folders alone.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1

cat > hive.py <<'PY'
import pathlib

import duckdb
import polars
import pyarrow
import pyarrow.parquet


def written(name, inside):
    for shard in ("s0", "s1"):
        folder = pathlib.Path(name, f"shard={shard}")
        folder.mkdir(parents=True)
        columns = {"user": ["ann", "bob"]}
        if inside:
            columns["shard"] = [shard, shard]
        pyarrow.parquet.write_table(pyarrow.table(columns), folder / "0.parquet")


def outcome(read):
    try:
        return f"{read()} rows"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


print("pyarrow", pyarrow.__version__, "polars", polars.__version__, "duckdb", duckdb.__version__)
found = {}
for name, inside in (("folders", False), ("both", True)):
    written(name, inside)
    pattern = f"{name}/*/*.parquet"
    found[name] = {
        "pyarrow": outcome(lambda: pyarrow.parquet.read_table(name).num_rows),
        "polars": outcome(lambda: polars.read_parquet(pattern, hive_partitioning=True).height),
        "duckdb": outcome(
            lambda: len(duckdb.sql(f"SELECT * FROM read_parquet('{pattern}', hive_partitioning=true)").fetchall())
        ),
    }
for name, readers in found.items():
    for reader, what in readers.items():
        print(f"{name}: {reader}: {what}")
assert set(found["folders"].values()) == {"4 rows"}, "this has changed"
assert found["both"]["polars"] == found["both"]["duckdb"] == "4 rows", "this has changed"
assert found["both"]["pyarrow"].startswith("ArrowTypeError: Unable to merge: Field shard"), "this has changed"
PY
venv/bin/python hive.py
