#!/usr/bin/env bash
# fastparquet was taken to read a list of strings, or to say that it cannot. It reads one whose column has a dictionary;
# where the column is encoded plainly, as writers do with use_dictionary=False and for columns of many distinct values
# once the dictionary is full, the lists come back as None, without an error or a warning. By pyarrow's defaults 200,000
# distinct items are enough.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fastparquet==2026.9.0 pandas==3.1.1 pyarrow==26.0.1

cat > lists.py <<'PY'
from importlib.metadata import version

import fastparquet
import pyarrow
import pyarrow.parquet

LISTS = [["tea", "cake"], ["pie"], [], None]


def read(name):
    return fastparquet.ParquetFile(name).to_pandas()["items"].tolist()


print("fastparquet", version("fastparquet"), "pyarrow", pyarrow.__version__)
table = pyarrow.table({"items": LISTS})
found = {}
for name, dictionary in (("with a dictionary", True), ("plain", False)):
    pyarrow.parquet.write_table(table, "lists.parquet", use_dictionary=dictionary)
    found[name] = read("lists.parquet")
    print(f"{name}: {found[name]}")
    assert pyarrow.parquet.read_table("lists.parquet").to_pydict()["items"] == LISTS

many = pyarrow.table({"items": [[f"item-{row}-{n}" for n in range(10)] for row in range(20_000)]})
pyarrow.parquet.write_table(many, "many.parquet")
encodings = pyarrow.parquet.read_metadata("many.parquet").row_group(0).column(0).encodings
read_many = read("many.parquet")
nulls = sum(cell is None for cell in read_many)
print(f"200,000 distinct items by default, encodings {sorted(encodings)}: {nulls} of {len(read_many)} lists are None")
assert found == {"with a dictionary": LISTS, "plain": [None] * 4}, "this has changed"
assert nulls > 0, "this has changed"
PY
venv/bin/python lists.py
