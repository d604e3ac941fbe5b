"""Daft: answers are those of the store, and what is grouped by user is not shuffled where Daft is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import annalsdb
import annalsdb.daft
import daft
import pytest
from conftest import Row, annals, rows_of, sorted_rows
from daft import col


def collected(frame: daft.DataFrame) -> list[Row]:
    return sorted_rows(frame.to_pylist())


def test_everything_as_it_was_pinned(store: annalsdb.Store) -> None:
    expected = rows_of(store)
    frame = annalsdb.daft.read(store.path, parts=5)
    store.delete(user="user 4")
    store.compact()
    assert collected(frame) == expected
    assert frame.count_rows() == len(expected)
    assert frame.column_names == store.fields


def test_columns_and_limits(store: annalsdb.Store) -> None:
    names = ["ITEM_ID", "IMPRESSION", "PRICE"]
    frame = annalsdb.daft.read(store.path).select(*names)
    assert collected(frame) == rows_of(store, columns=names)
    assert len(annalsdb.daft.read(store.path).limit(7).to_pylist()) == 7
    late = annalsdb.daft.read(store.path).where(col("TIMESTAMP") > 1_700_000_900).limit(7).to_pylist()
    assert len(late) == 7 and all(row["TIMESTAMP"] > 1_700_000_900 for row in late)


PREDICATES: list[tuple[Any, Any]] = [
    (col("USER_ID") == "user 5", lambda row: row["USER_ID"] == "user 5"),
    (col("USER_ID").is_in(["user 5", "user 60"]), lambda row: row["USER_ID"] in ("user 5", "user 60")),
    (col("TIMESTAMP") >= 1_700_000_900, lambda row: row["TIMESTAMP"] >= 1_700_000_900),
    (col("TIMESTAMP") > 1_700_000_900, lambda row: row["TIMESTAMP"] > 1_700_000_900),
    (
        (col("USER_ID") > "user 5") & (col("TIMESTAMP") < 1_700_000_100) & (col("EVENT_TYPE") == "view"),
        lambda row: row["USER_ID"] > "user 5" and row["TIMESTAMP"] < 1_700_000_100 and row["EVENT_TYPE"] == "view",
    ),
    (col("EVENT_TYPE").is_in(["like", "VIEW"]), lambda row: row["EVENT_TYPE"] in ("like", "VIEW")),
    (
        (col("USER_ID") == "user 5") | (col("PRICE") > 3000),
        lambda row: row["USER_ID"] == "user 5" or row.get("PRICE", 0) > 3000,
    ),
    (col("USER_ID") == "nobody", lambda row: False),
]


@pytest.mark.parametrize("at", range(len(PREDICATES)))
def test_filters(store: annalsdb.Store, at: int) -> None:
    predicate, holds = PREDICATES[at]
    expected = [row for row in rows_of(store) if holds(row)]
    frame = annalsdb.daft.read(store.path, parts=4).where(predicate)
    assert collected(frame) == expected
    items = frame.select("ITEM_ID")
    assert collected(items) == sorted_rows({"ITEM_ID": row["ITEM_ID"]} for row in expected)


def test_groups_of_users(store: annalsdb.Store) -> None:
    expected: dict[str, int] = {}
    for row in rows_of(store):
        expected[row["USER_ID"]] = expected.get(row["USER_ID"], 0) + 1
    counts = annalsdb.daft.read(store.path, parts=6).groupby("USER_ID").agg(col("ITEM_ID").count())
    assert {row["USER_ID"]: row["ITEM_ID"] for row in counts.to_pylist()} == expected


ON_RAY = """
import io, sys
import annalsdb.daft, daft, ray
from daft import col

ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
daft.set_runner_ray()
answers = []
for by_user in (True, False):
    frame = annalsdb.daft.read(sys.argv[1], parts=6, by_user=by_user)
    counts = frame.groupby("USER_ID").agg(col("ITEM_ID").count())
    plan = io.StringIO()
    counts.explain(show_all=True, file=plan)
    assert ("Shuffle" in plan.getvalue().split("Physical Plan")[1]) != by_user, plan.getvalue()
    answers.append({row["USER_ID"]: row["ITEM_ID"] for row in counts.to_pylist()})
assert answers[0] == answers[1]
print("ANSWER", sum(answers[0].values()), len(answers[0]))
"""


def test_groups_of_users_need_no_shuffle(store: annalsdb.Store) -> None:
    """A process of its own: Daft takes one runner for all its time."""
    line = [sys.executable, "-c", ON_RAY, str(store.path)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = rows_of(store)
    assert f"ANSWER {len(rows)} {len({row['USER_ID'] for row in rows})}" in done.stdout


def test_shards(store: annalsdb.Store, shards: Path) -> None:
    assert collected(annalsdb.daft.read(shards)) == rows_of(store)


def test_a_pin_that_is_gone(store: annalsdb.Store) -> None:
    annalsdb.pin(store.path, "training")
    frame = annalsdb.daft.read(store.path, pin="training")
    annalsdb.unpin(store.path, "training")
    with pytest.raises(Exception, match="it is gone; pin the store anew"):
        frame.to_pylist()


def test_what_daft_writes_is_imported(store: annalsdb.Store, tmp_path: Path) -> None:
    annalsdb.daft.read(store.path, parts=3).write_parquet(str(tmp_path / "out"))
    schema = tmp_path / "schema.json"
    schema.write_text(store.schema)
    annals("init", tmp_path / "copy", "--schema", schema)
    annals("import", tmp_path / "copy", tmp_path / "out")
    with annalsdb.open_reader(tmp_path / "copy") as copy:
        assert rows_of(copy) == rows_of(store)
