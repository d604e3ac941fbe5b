#!/usr/bin/env bash
# numpy's StringDType holds text of any length and missing values, so a vocabulary of ids of that type was taken to be
# saved as an array is. savez writes it as a pickle, with a warning only, and load refuses the file unless it may run
# pickles. A fixed width is saved plainly, but cuts longer ids that are assigned to it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6

cat > strings.py <<'PY'
import warnings

import numpy


def saved(array):
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        numpy.savez("items.npz", items=array)
    try:
        return numpy.load("items.npz")["items"].tolist(), len(warned)
    except ValueError as error:
        return f"ValueError: {error}", len(warned)


ITEMS = ["tea", "a longer name"]
print("numpy", numpy.__version__)
found = {
    "StringDType": saved(numpy.array(ITEMS, dtype=numpy.dtypes.StringDType())),
    "fixed width": saved(numpy.array(ITEMS)),
}
for kind, (read, warned) in found.items():
    print(f"{kind}: saved with {warned} warnings, read: {read}")
narrow = numpy.array(["tea", "pie"])
narrow[1] = "a longer name"
print("assigned to a width of 3:", narrow.tolist())
assert found["fixed width"] == (ITEMS, 0), "this has changed"
assert found["StringDType"][0].startswith("ValueError: Object arrays cannot be loaded"), "this has changed"
assert found["StringDType"][1] == 1, "this has changed"
assert narrow.tolist() == ["tea", "a l"], "this has changed"
PY
venv/bin/python strings.py
