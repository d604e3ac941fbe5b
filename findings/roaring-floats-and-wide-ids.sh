#!/usr/bin/env bash
# A bitmap of the items a user has seen was taken to refuse floats and to answer no for an id that it cannot hold.
# pyroaring cuts floats off, so that 1.2 and 1.9 are both item 1; and the question whether an id of more than 32 bits, or
# a negative one, is in a BitMap is an OverflowError, as is its removal. A bitmap is never equal to a set, nor a BitMap
# to a BitMap64 of the same numbers.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyroaring==1.2.0 numpy==2.4.6

cat > bitmap.py <<'PY'
from importlib.metadata import version

import numpy
from pyroaring import BitMap, BitMap64


def outcome(ask):
    try:
        return ask()
    except Exception as error:
        return type(error).__name__


print("pyroaring", version("pyroaring"))
seen = BitMap([1, 2])
found = {
    "BitMap([1.2, 1.9])": outcome(lambda: list(BitMap([1.2, 1.9]))),
    "BitMap of floats of numpy": outcome(lambda: list(BitMap(numpy.array([1.2, 1.9, 2.5])))),
    "2**32 + 1 in it": outcome(lambda: 2**32 + 1 in seen),
    "-1 in it": outcome(lambda: -1 in seen),
    "discard(2**32 + 1)": outcome(lambda: seen.discard(2**32 + 1)),
    "2**32 + 1 in BitMap64": outcome(lambda: 2**32 + 1 in BitMap64([1, 2])),
    "equal to the set": seen == {1, 2},
    "equal to the BitMap64": seen == BitMap64([1, 2]),
}
for what, answer in found.items():
    print(f"{what}: {answer}")
assert found == {
    "BitMap([1.2, 1.9])": [1],
    "BitMap of floats of numpy": [1, 2],
    "2**32 + 1 in it": "OverflowError",
    "-1 in it": "OverflowError",
    "discard(2**32 + 1)": "OverflowError",
    "2**32 + 1 in BitMap64": False,
    "equal to the set": False,
    "equal to the BitMap64": False,
}, "this has changed"
PY
venv/bin/python bitmap.py
