#!/usr/bin/env bash
# A Bloom filter of the ids seen was taken to answer for an id as it was added. pybloom_live hashes the text of what it is
# given: 1 counts as seen where "1" was added, meant or not; but bytes, as a store gives them, are not the text they hold, so
# that b"ann" is unknown where "ann" was added, and the other way round. A file read as bytes and a frame of text so never
# find each other's users. The length of its union of two filters is 0. Give it text alone, and count yourself.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pybloom-live==4.0.0

cat > seen.py <<'PY'
from importlib.metadata import version

import pybloom_live

print("pybloom-live", version("pybloom-live"))
ids, more = (pybloom_live.BloomFilter(1000, 1e-9) for _ in range(2))
ids.add("ann")
ids.add(1)
ids.add(b"bob")
more.add("cas")
found = {
    'b"ann" where "ann" was added': b"ann" in ids,
    '"bob" where b"bob" was added': "bob" in ids,
    '"1" where 1 was added': "1" in ids,
    "length of a union of 3 and 1": len(ids.union(more)),
}
for what, answer in found.items():
    print(f"{what}: {answer}")
assert list(found.values()) == [False, False, True, 0], "this has changed"
PY
venv/bin/python seen.py
