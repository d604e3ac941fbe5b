#!/usr/bin/env bash
# Ids of 64 bits, unsigned in one array and signed in the other, were taken to be compared as whole numbers, as == does.
# intersect1d, union1d, concatenate and searchsorted make floats of both first, so from 2^53 on ids that differ are one:
# an intersection has an item that only one side has. isin and == keep them apart.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6

cat > signs.py <<'PY'
import numpy

seen = numpy.array([2**53 + 1], dtype="uint64")
shown = numpy.array([2**53], dtype="int64")

print("numpy", numpy.__version__)
found = {
    "==": (seen == shown).tolist(),
    "isin": numpy.isin(seen, shown).tolist(),
    "intersect1d": numpy.intersect1d(seen, shown).tolist(),
    "union1d": numpy.union1d(seen, shown).tolist(),
    "concatenate": numpy.concatenate([seen, shown]).tolist(),
    "searchsorted from the right": numpy.searchsorted(seen, shown, side="right").tolist(),
}
for function, result in found.items():
    print(f"{function}: {seen[0]} unsigned, {shown[0]} signed: {result}")
rounded = float(2**53)
assert found == {
    "==": [False],
    "isin": [False],
    "intersect1d": [rounded],
    "union1d": [rounded],
    "concatenate": [rounded, rounded],
    "searchsorted from the right": [1],
}, "this has changed"
PY
venv/bin/python signs.py
