#!/usr/bin/env bash
# A user deleted from a Delta table and vacuumed without retention was taken to be gone. First, vacuum by default only
# lists what it would remove. Second, when it has removed the data files, the id is still in the log: each file's entry
# has the smallest and largest value of each column, and those of removed files stay. A checkpoint and cleanup_metadata
# leave them for the log's own retention, 30 days unless a property of the table says otherwise.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1

cat > vacuum.py <<'PY'
import pathlib

import deltalake
import pyarrow
from deltalake import DeltaTable, write_deltalake

KEY = "user-ann-7f3a9c"


def holding():
    """The kinds of files that hold the bytes of the id."""
    files = [file for file in pathlib.Path("events").rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]
    return sorted("log" if "_delta_log" in file.parts else "data" for file in files)


print("deltalake", deltalake.__version__, "pyarrow", pyarrow.__version__)
write_deltalake("events", pyarrow.table({"user": [KEY, "user-bob"], "item": [1, 2]}))
table = DeltaTable("events")
found = {"written": holding()}
table.delete(f"user = '{KEY}'")
found["deleted"] = holding()
table.vacuum(0, enforce_retention_duration=False)
found["vacuumed by default"] = holding()
table.vacuum(0, enforce_retention_duration=False, dry_run=False)
found["vacuumed with dry_run=False"] = holding()
table.create_checkpoint()
table.cleanup_metadata()
found["after a checkpoint and cleanup_metadata"] = holding()
table.alter.set_table_properties({"delta.logRetentionDuration": "interval 0 seconds"})
table.create_checkpoint()
table.cleanup_metadata()
found["the same with no retention of the log"] = holding()
assert DeltaTable("events").to_pyarrow_table()["user"].to_pylist() == ["user-bob"]
for when, files in found.items():
    print(f"{when}: the id stands in {files}")
assert found == {
    "written": ["data", "log"],
    "deleted": ["data", "log", "log"],
    "vacuumed by default": ["data", "log", "log"],
    "vacuumed with dry_run=False": ["log", "log"],
    "after a checkpoint and cleanup_metadata": ["log", "log"],
    "the same with no retention of the log": [],
}, "this has changed"
PY
venv/bin/python vacuum.py
