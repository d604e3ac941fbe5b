#!/usr/bin/env bash
# Distinct users were to be counted by a sketch. An id that is the empty text was taken to count as one user: no sketch
# of DataSketches counts it. The same number was taken to be the same user: 7, 7.0 and "7" are three, as one column of
# ids read as integers, with nulls as floats, and as text gives them; and True is 1. kll_floats_sketch keeps times with
# 32 bits, so that the newest of Unix seconds is off by up to a minute; kll_doubles_sketch keeps them.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datasketches==5.2.0

cat > sketches.py <<'PY'
from importlib.metadata import version

import datasketches

SKETCHES = {
    "hll": lambda: datasketches.hll_sketch(12),
    "theta": lambda: datasketches.update_theta_sketch(12),
    "cpc": lambda: datasketches.cpc_sketch(12),
}
CASES = {
    "the empty text": ([""], 0),
    "the empty text and one other": (["", "ann"], 1),
    "7, 7.0 and '7'": ([7, 7.0, "7"], 3),
    "1 and True": ([1, True], 1),
}

print("datasketches", version("datasketches"))
for case, (ids, expected) in CASES.items():
    for name, make in SKETCHES.items():
        sketch = make()
        for id in ids:
            sketch.update(id)
        count = round(sketch.get_estimate())
        print(f"{case}: {name}: {count} distinct")
        assert count == expected, "this has changed"

times = [1_700_000_001, 1_700_000_050]
newest = {}
for kind in ("kll_floats_sketch", "kll_doubles_sketch"):
    sketch = getattr(datasketches, kind)(200)
    for time in times:
        sketch.update(time)
    newest[kind] = int(sketch.get_max_value())
    print(f"{kind}: the newest of {times} is {newest[kind]}")
assert newest == {"kll_floats_sketch": 1_700_000_000, "kll_doubles_sketch": 1_700_000_050}, "this has changed"
PY
venv/bin/python sketches.py
