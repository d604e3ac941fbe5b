#!/usr/bin/env bash
# An empty text in the column that a Delta table is partitioned by was taken to stay apart from null, as it does in any
# other column. It comes back as null, though it has a folder of its own. The format says that an empty partition value
# is null. A filter for the empty text finds nothing.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1

cat > empty.py <<'PY'
import pathlib

import deltalake
import pyarrow
from deltalake import DeltaTable, write_deltalake

events = pyarrow.table({"item": [1, 2, 3], "device": ["", "tv", None]})
print("deltalake", deltalake.__version__, "pyarrow", pyarrow.__version__)
found = {}
for name, columns in (("plain", None), ("partitioned", ["device"])):
    write_deltalake(name, events, partition_by=columns)
    table = DeltaTable(name)
    rows = table.to_pyarrow_table().sort_by("item")
    empty = table.to_pyarrow_table(filters=[("device", "=", "")]).num_rows
    found[name] = (rows["device"].to_pylist(), empty)
    print(f"{name}: devices {found[name][0]}, rows of the empty device: {empty}")
print("folders:", sorted(path.name for path in pathlib.Path("partitioned").iterdir()))
assert found == {"plain": (["", "tv", None], 1), "partitioned": ([None, "tv", None], 0)}, "this has changed"
PY
venv/bin/python empty.py
