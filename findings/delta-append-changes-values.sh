#!/usr/bin/env bash
# Rows appended to a Delta table were taken to have to fit its types, or to be refused. deltalake casts them: a column of
# floats goes into one of whole numbers with its fractions cut off, and text goes in as the number it reads as, "007" as
# 7. Only what cannot be cast at all, or does not fit the range, is an error.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1

cat > append.py <<'PY'
import deltalake
import pyarrow
from deltalake import DeltaTable, write_deltalake

write_deltalake("events", pyarrow.table({"item": pyarrow.array([1], pyarrow.int32())}))
CASES = {
    "floats": pyarrow.array([1.9, -1.9]),
    "text": pyarrow.array(["007", "7"]),
    "text that is no number": pyarrow.array(["x7"]),
    "numbers that do not fit": pyarrow.array([2**40]),
}

print("deltalake", deltalake.__version__, "pyarrow", pyarrow.__version__)
found = {}
for case, column in CASES.items():
    before = DeltaTable("events").version()
    try:
        write_deltalake("events", pyarrow.table({"item": column}), mode="append")
        found[case] = sorted(DeltaTable("events").to_pyarrow_table()["item"].to_pylist())
        DeltaTable("events").restore(before)
    except Exception as error:
        found[case] = "refused"
        print(f"{case}: {column.to_pylist()} -> {str(error).splitlines()[0][:100]}")
        continue
    print(f"{case}: {column.to_pylist()} beside 1 -> {found[case]}")
assert found == {
    "floats": [-1, 1, 1],
    "text": [1, 7, 7],
    "text that is no number": "refused",
    "numbers that do not fit": "refused",
}, "this has changed"
PY
venv/bin/python append.py
