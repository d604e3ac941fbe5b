#!/usr/bin/env bash
# Key-value stores that take Python's values were taken to give back what was put in, under the key it was put in by. Not
# so: diskcache gives None for NaN. sqlitedict makes text of numbers that are keys, so that 1, "1" and True are one id, and
# moves a key that is written again to the end. In diskcache 1 and 1.0 are one id and True another; in rocksdict each is
# its own. rocksdict has whole numbers in their order, but floats, such as times with fractions, by their bits: those
# below zero come last, from -1 down. Ids are best turned into text or bytes before any of them has them.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check diskcache==5.6.3 sqlitedict==2.1.0 rocksdict==0.3.29

cat > stores.py <<'PY'
import math
from importlib.metadata import version

import diskcache
import rocksdict
import sqlitedict

print(*(f"{name} {version(name)}" for name in ("diskcache", "sqlitedict", "rocksdict")))
ids = [1, "1", 1.0, True]
stores = {
    "diskcache": diskcache.Cache("cache"),
    "sqlitedict": sqlitedict.SqliteDict("dict.sqlite", autocommit=True),
    "rocksdict": rocksdict.Rdict("rocks"),
}
found = {}
for name, store in stores.items():
    for number in ids:
        store[number] = repr(number)
    kept = [store[number] for number in ids]
    store["rating"] = math.nan
    rating = store["rating"]
    found[name] = (kept, repr(rating))
    print(f"{name}: put in under {ids}: {kept} come back, NaN as {rating}")
assert found == {
    "diskcache": (["1.0", "'1'", "1.0", "True"], "None"),
    "sqlitedict": (["True", "True", "1.0", "True"], "nan"),
    "rocksdict": (["1", "'1'", "1.0", "True"], "nan"),
}, "this has changed"

history = sqlitedict.SqliteDict("history.sqlite", autocommit=True)
for user in ("bob", "ann", "bob"):
    history[user] = user
print("sqlitedict, bob, ann and bob again:", list(history))
assert list(history) == ["ann", "bob"], "this has changed"
times = rocksdict.Rdict("times")
for time in (-2.5, -1.0, 0.5, 3.0, 100.0):
    times[time] = time
whole = rocksdict.Rdict("whole")
for time in (-300, -2, 1, 255, 256, 2**40):
    whole[time] = time
print("rocksdict, floats:", list(times.keys()), "whole numbers:", list(whole.keys()))
assert list(times.keys()) == [0.5, 3.0, 100.0, -1.0, -2.5], "this has changed"
assert list(whole.keys()) == [-300, -2, 1, 255, 256, 2**40], "this has changed"
PY
venv/bin/python stores.py
