#!/usr/bin/env bash
# An upsert by the id of the event was taken to leave one row for each id. In Delta and Lance it does not when one batch
# has an id twice: both rows are inserted if the table does not have the id yet, and the same batch is refused if it has.
# A null id matches nothing, so each upsert adds it once more. The batch has to be made distinct first.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check deltalake==1.6.6 pylance==14.0.2 pyarrow==26.0.1

cat > upsert.py <<'PY'
import deltalake
import lance
import pyarrow

OLD = pyarrow.table({"event": ["e0"], "item": ["tea"]})
TWICE = pyarrow.table({"event": ["e1", "e1"], "item": ["pie", "cake"]})
NULL = pyarrow.table({"event": pyarrow.array([None], pyarrow.string()), "item": ["jam"]})


class Delta:
    def __init__(self):
        deltalake.write_deltalake("delta", OLD)

    def upsert(self, batch):
        merge = deltalake.DeltaTable("delta").merge(batch, "s.event = t.event", source_alias="s", target_alias="t")
        merge.when_matched_update_all().when_not_matched_insert_all().execute()

    def rows(self):
        return deltalake.DeltaTable("delta").to_pyarrow_table()["event"].to_pylist()


class Lance:
    def __init__(self):
        lance.write_dataset(OLD, "lance")

    def upsert(self, batch):
        merge = lance.dataset("lance").merge_insert("event")
        merge.when_matched_update_all().when_not_matched_insert_all().execute(batch)

    def rows(self):
        return lance.dataset("lance").to_table()["event"].to_pylist()


print("deltalake", deltalake.__version__, "pylance", lance.__version__, "pyarrow", pyarrow.__version__)
found = {}
for make in (Delta, Lance):
    table = make()
    table.upsert(TWICE)
    new = table.rows().count("e1")
    try:
        table.upsert(TWICE)
        again = "taken"
    except Exception:
        again = "refused"
    table.upsert(NULL)
    table.upsert(NULL)
    nulls = table.rows().count(None)
    found[make.__name__] = (new, again, nulls)
    print(f"{make.__name__}: one new id twice: {new} rows; the same again: {again}; null in two upserts: {nulls} rows")
assert found == {"Delta": (2, "refused", 2), "Lance": (2, "refused", 2)}, "this has changed"
PY
venv/bin/python upsert.py
