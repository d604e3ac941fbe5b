#!/usr/bin/env bash
# A delete from an Iceberg table was taken to remove the rows that a scan with the same filter finds. In pyiceberg it does
# not where values are missing: a row without a device is found by `not in` a list of two, not by one of a single
# device, and is deleted by neither; a row whose value is NaN is found by `!=`, and stays as well. Scan again after a delete.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check "pyiceberg[sql-sqlite]==0.12.0" pyarrow==26.0.1

cat > filters.py <<'PY'
import math
import os
from importlib.metadata import version

import pyarrow
from pyiceberg.catalog.sql import SqlCatalog

here = os.getcwd()
catalog = SqlCatalog("shop", uri=f"sqlite:///{here}/catalog.sqlite", warehouse=f"file://{here}/tables")
catalog.create_namespace("shop")
events = pyarrow.table({
    "user": ["ann", "bob", "cas", "dan"],
    "value": [1.0, 5.0, math.nan, None],
    "device": ["tv", "phone", None, "tv"],
})


def users(table, *rows):
    return sorted(table.scan(*rows).to_arrow()["user"].to_pylist())


print("pyiceberg", version("pyiceberg"))
found = {}
for number, rows in enumerate(["device not in ('tv')", "device not in ('tv', 'radio')", "value != 5"]):
    table = catalog.create_table(f"shop.events{number}", schema=events.schema)
    table.append(events)
    seen = users(table, rows)
    table.delete(rows)
    found[rows] = (seen, users(table))
    print(f"{rows}: a scan finds {seen}, a delete leaves {found[rows][1]}", flush=True)
assert found == {
    "device not in ('tv')": (["bob"], ["ann", "cas", "dan"]),
    "device not in ('tv', 'radio')": (["bob", "cas"], ["ann", "cas", "dan"]),
    "value != 5": (["ann", "cas"], ["bob", "cas", "dan"]),
}, "this has changed"
PY
venv/bin/python filters.py
