#!/usr/bin/env bash
# A key that was deleted from RocksDB stands in its files on: a compaction of the whole range leaves it in
# table files, as value and as tombstone; one that is forced down to the last level leaves it in the manifest,
# which names the first and the last key of files that are gone. Only an opening begins another manifest.
# Who must show that an id is gone has to force the compaction, and to open the database again.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check rocksdict==0.3.29

cat > deleted.py <<'PY'
import pathlib
from importlib.metadata import version

from rocksdict import BottommostLevelCompaction, CompactOptions, Options, Rdict

KEY = b"user-ann-7f3a9c"


def options():
    chosen = Options(raw_mode=True)
    chosen.create_if_missing(True)
    return chosen


def holding(folder):
    """The kinds of files that hold the bytes of the key."""
    files = [file for file in folder.iterdir() if file.is_file() and KEY in file.read_bytes()]
    return sorted("manifest" if file.name.startswith("MANIFEST") else file.suffix for file in files)


def deleted(name):
    folder = pathlib.Path(name)
    db = Rdict(name, options())
    db[KEY] = b"x"
    db[b"user-zoe"] = b"y"
    db.flush()
    del db[KEY]
    db.flush()
    return folder, db


print("rocksdict", version("rocksdict"))
folder, db = deleted("plain")
db.compact_range(None, None)
found = {"compacted": holding(folder)}
db.close()

folder, db = deleted("forced")
forced = CompactOptions()
forced.set_bottommost_level_compaction(BottommostLevelCompaction.force())
db.compact_range(None, None, compact_opt=forced)
found["compacted to the last level"] = holding(folder)
db.close()
found["closed"] = holding(folder)
db = Rdict("forced", options())
found["opened again"] = holding(folder)
db.close()
for when, files in found.items():
    print(f"{when}: the deleted key stands in {files}")
assert found == {
    "compacted": [".sst", ".sst", "manifest"],
    "compacted to the last level": ["manifest"],
    "closed": ["manifest"],
    "opened again": [],
}, "this has changed"
PY
venv/bin/python deleted.py
