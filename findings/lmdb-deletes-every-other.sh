#!/usr/bin/env bash
# A loop over a cursor of LMDB that deletes what it comes to was taken to delete all. A deletion moves the cursor to the
# next key, and the loop then moves it once more, so every other key stays, and no error says so. Deleting by the key
# through the transaction, or `while cursor.delete()`, deletes all.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check lmdb==3.0.0

cat > deletes.py <<'PY'
import lmdb

env = lmdb.open("db", map_size=1 << 20)
keys = [b"ann/%d" % n for n in range(6)]


def left_by(delete):
    with env.begin(write=True) as txn:
        for key in keys:
            txn.put(key, b"tea")
        delete(txn)
        left = [key.decode() for key, _ in txn.cursor()]
        txn.abort()
    return left


def by_cursor_in_loop(txn):
    cursor = txn.cursor()
    for _ in cursor:
        cursor.delete()


def by_transaction_in_loop(txn):
    for key, _ in txn.cursor():
        txn.delete(key)


def while_cursor_deletes(txn):
    cursor = txn.cursor()
    cursor.first()
    while cursor.delete():
        pass


print("lmdb", lmdb.__version__, "of LMDB", lmdb.version())
found = {delete.__name__: left_by(delete) for delete in (by_cursor_in_loop, by_transaction_in_loop, while_cursor_deletes)}
for how, left in found.items():
    print(f"{how}: {len(left)} of {len(keys)} left: {left}")
assert found == {
    "by_cursor_in_loop": ["ann/1", "ann/3", "ann/5"],
    "by_transaction_in_loop": [],
    "while_cursor_deletes": [],
}, "this has changed"
PY
venv/bin/python deletes.py
