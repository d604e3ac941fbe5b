"""Ray Data: answers are those of the store, whatever Ray leaves to it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import annalsdb
import annalsdb.ray
import pyarrow as pa
import pytest
import ray
from conftest import annals, rows_of, sorted_rows
from ray.data.expressions import col


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def test_everything_as_it_was_pinned(store: annalsdb.Store) -> None:
    expected = rows_of(store)
    data = annalsdb.ray.read(store.path, override_num_blocks=5)
    store.delete(user="user 4")
    store.compact()
    assert sorted_rows(data.take_all()) == expected
    assert data.count() == len(expected)
    assert data.schema().names == store.fields


def test_columns_and_limits(store: annalsdb.Store) -> None:
    data = annalsdb.ray.read(store.path, columns=["ITEM_ID", "IMPRESSION", "PRICE"])
    assert sorted_rows(data.take_all()) == rows_of(store, columns=["ITEM_ID", "IMPRESSION", "PRICE"])
    chosen = annalsdb.ray.read(store.path).select_columns(["PRICE"])
    assert sorted_rows(chosen.take_all()) == rows_of(store, columns=["PRICE"])
    assert len(annalsdb.ray.read(store.path).take(7)) == 7
    with pytest.raises(annalsdb.InvalidInputError, match="NOTHING"):
        annalsdb.ray.read(store.path, columns=["NOTHING"])


PREDICATES = [
    (col("USER_ID") == "user 5", lambda row: row["USER_ID"] == "user 5"),
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
    data = annalsdb.ray.read(store.path, override_num_blocks=4).filter(expr=predicate)
    assert sorted_rows(data.take_all()) == expected
    items = data.select_columns(["ITEM_ID"]).take_all()
    assert sorted_rows(items) == sorted_rows({"ITEM_ID": row["ITEM_ID"]} for row in expected)


def test_filters_reach_the_store(store: annalsdb.Store) -> None:
    source = annalsdb.ray.InteractionsDatasource(store.path)
    assert len(source.get_read_tasks(8)) == 8
    assert len(source.apply_predicate(col("USER_ID") == "user 5").get_read_tasks(8)) == 1


def test_shards(store: annalsdb.Store, shards: Path) -> None:
    assert sorted_rows(annalsdb.ray.read(shards).take_all()) == rows_of(store)


def test_a_worker_that_is_killed(store: annalsdb.Store, tmp_path: Path) -> None:
    """A worker dies in the middle of its range of users: another one reads it again."""
    expected = rows_of(store)
    marks = tmp_path / "marks"
    marks.mkdir()

    def slowly(table: pa.Table) -> pa.Table:
        (marks / str(os.getpid())).touch()
        time.sleep(0.5)
        return table

    data = annalsdb.ray.read(store.path, override_num_blocks=6)
    data = data.map_batches(slowly, batch_format="pyarrow", batch_size=None)
    killed = []
    found: list[dict[str, Any]] = []
    for batch in data.iter_batches(batch_format="pyarrow", batch_size=None):
        found += batch.to_pylist()
        if not killed:
            # Whoever works now has not given all its rows.
            killed = [int(mark.name) for mark in marks.iterdir()][-1:]
            os.kill(killed[0], signal.SIGKILL)
    assert killed
    assert sorted_rows(found) == expected


def test_a_pin_that_is_gone(store: annalsdb.Store) -> None:
    annalsdb.pin(store.path, "training")
    data = annalsdb.ray.read(store.path, pin="training")
    annalsdb.unpin(store.path, "training")
    with pytest.raises(Exception, match="there is no pin of this name"):
        data.take_all()


def test_what_ray_writes_is_imported(store: annalsdb.Store, tmp_path: Path) -> None:
    annalsdb.ray.read(store.path, override_num_blocks=3).write_parquet(str(tmp_path / "out"))
    schema = tmp_path / "schema.json"
    schema.write_text(store.schema)
    annals("init", tmp_path / "copy", "--schema", schema)
    annals("import", tmp_path / "copy", tmp_path / "out")
    with annalsdb.open_reader(tmp_path / "copy") as copy:
        assert rows_of(copy) == rows_of(store)
