"""Spark: batch reads are what the store has, streams add up to it, and a cluster of two workers gives the same."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import annalsdb
import pyarrow as pa
import pytest
import spark_cluster
from conftest import Row, annals, event, rows_of, sorted_rows

NO_JAVA = spark_cluster.find_java()
pytestmark = pytest.mark.skipif(NO_JAVA is not None, reason=str(NO_JAVA))

import annalsdb.spark  # noqa: E402
from pyspark.sql import DataFrame, SparkSession  # noqa: E402
from pyspark.sql import functions as F  # noqa: E402
from pyspark.sql.datasource import EqualTo, In, LessThan  # noqa: E402


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    session = spark_cluster.session("local[2]")
    annalsdb.spark.register(session)
    yield session
    session.stop()


def loaded(spark: SparkSession, path: Any, **options: Any) -> DataFrame:
    return spark.read.format("annals").options(**options).load(str(path))


def collected(frame: DataFrame) -> list[Row]:
    return sorted_rows(row.asDict() for row in frame.collect())


def test_everything_as_it_was_pinned(spark: SparkSession, store: annalsdb.Store) -> None:
    expected = rows_of(store)
    annalsdb.pin(store.path, "training")
    frame = loaded(spark, store.path, pin="training", partitions=5)
    assert frame.columns == store.fields
    assert frame.rdd.getNumPartitions() == 5
    store.delete(user="user 4")
    store.compact()
    assert collected(frame) == expected
    assert frame.count() == len(expected)
    # Without a pin each action pins anew.
    assert loaded(spark, store.path).count() == len(rows_of(store)) < len(expected)


def test_columns_and_times(spark: SparkSession, store: annalsdb.Store) -> None:
    frame = loaded(spark, store.path, columns="ITEM_ID, IMPRESSION,PRICE")
    assert collected(frame) == rows_of(store, columns=["ITEM_ID", "IMPRESSION", "PRICE"])
    chosen = spark.read.format("annals").schema("PRICE double, USER_ID string").load(str(store.path))
    assert collected(chosen) == rows_of(store, columns=["USER_ID", "PRICE"])
    moments = loaded(spark, store.path, times="datetime", columns="TIMESTAMP")
    assert dict(moments.dtypes) == {"TIMESTAMP": "timestamp"}
    seconds = sorted(row[0] for row in moments.select(F.unix_timestamp("TIMESTAMP")).collect())
    assert seconds == sorted(row["TIMESTAMP"] for row in rows_of(store))


PREDICATES = [
    ("USER_ID = 'user 5'", lambda row: row["USER_ID"] == "user 5"),
    ("USER_ID IN ('user 5', 'user 60')", lambda row: row["USER_ID"] in ("user 5", "user 60")),
    ("TIMESTAMP >= 1700000900", lambda row: row["TIMESTAMP"] >= 1_700_000_900),
    ("TIMESTAMP > 1700000900", lambda row: row["TIMESTAMP"] > 1_700_000_900),
    (
        "USER_ID > 'user 5' AND TIMESTAMP < 1700000100 AND EVENT_TYPE = 'view'",
        lambda row: row["USER_ID"] > "user 5" and row["TIMESTAMP"] < 1_700_000_100 and row["EVENT_TYPE"] == "view",
    ),
    ("EVENT_TYPE IN ('like', 'VIEW')", lambda row: row["EVENT_TYPE"] in ("like", "VIEW")),
    (
        "USER_ID = 'user 5' OR PRICE > 3000",
        lambda row: row["USER_ID"] == "user 5" or row.get("PRICE", 0) > 3000,
    ),
    ("USER_ID = 'nobody'", lambda row: False),
    ("DEVICE IS NULL AND NOT EVENT_TYPE = 'view'", lambda row: "DEVICE" not in row and row["EVENT_TYPE"] != "view"),
]


@pytest.mark.parametrize("at", range(len(PREDICATES)))
def test_filters(spark: SparkSession, store: annalsdb.Store, at: int) -> None:
    condition, holds = PREDICATES[at]
    expected = [row for row in rows_of(store) if holds(row)]
    assert collected(loaded(spark, store.path, partitions=4).where(condition)) == expected


def test_filters_reach_the_store(spark: SparkSession, store: annalsdb.Store) -> None:
    source = annalsdb.spark.InteractionsSource({"path": str(store.path), "partitions": "8"})
    reader = source.reader(source.schema())
    assert len(reader.partitions()) == 8
    filters = [EqualTo(("USER_ID",), "user 5"), LessThan(("TIMESTAMP",), 1_700_000_500), In(("EVENT_TYPE",), ("view",))]
    assert list(reader.pushFilters(filters)) == filters
    [only] = reader.partitions()
    read = [row for batch in reader.read(only) for row in pa.Table.from_batches([batch]).to_pylist()]
    assert sorted_rows(read) == [
        row
        for row in rows_of(store)
        if row["USER_ID"] == "user 5" and row["TIMESTAMP"] < 1_700_000_500 and row["EVENT_TYPE"] == "view"
    ]


def test_shards(spark: SparkSession, store: annalsdb.Store, shards: Path) -> None:
    assert collected(loaded(spark, shards, partitions=4)) == rows_of(store)


def test_what_is_not_there(spark: SparkSession, store: annalsdb.Store, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="there is no pin of this name"):
        loaded(spark, store.path, pin="training").count()
    with pytest.raises(Exception, match="no store here"):
        loaded(spark, tmp_path / "nothing").count()
    with pytest.raises(Exception, match="must be a whole number"):
        loaded(spark, store.path, partitions="many").count()


class Consumer:
    """Who takes the changes of a store: what it holds is what the store has."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.batches = 0

    def take(self, batch: DataFrame, _number: int) -> None:
        rows = [row.asDict() for row in batch.collect()]
        self.batches += 1
        for step in sorted((row for row in rows if row["_change"] != "added"), key=lambda row: row["_sequence"]):
            assert step["_change"] == "deleted"
            about = {name: step[name] for name in ("USER_ID", "ITEM_ID") if step[name] is not None}
            self.rows = [row for row in self.rows if any(row[name] != value for name, value in about.items())]
        added = [row for row in rows if row["_change"] == "added"]
        self.rows += [{name: value for name, value in row.items() if not name.startswith("_")} for row in added]

    def run(self, spark: SparkSession, path: Any, checkpoint: Path) -> None:
        stream = spark.readStream.format("annals_changes").option("lease", "spark").load(str(path))
        query = stream.writeStream.foreachBatch(self.take).option("checkpointLocation", str(checkpoint))
        query.trigger(availableNow=True).start().awaitTermination()


def test_a_stream_adds_up_to_the_store(spark: SparkSession, store: annalsdb.Store, tmp_path: Path) -> None:
    consumer = Consumer()
    consumer.run(spark, store.path, tmp_path / "checkpoint")
    assert sorted_rows(consumer.rows) == rows_of(store)
    first = store.sequence
    store.write([event(at) for at in range(5000, 5100)])
    store.delete(user="user 7")
    store.delete(user="user 8", item="item 8")
    store.flush()
    store.write([event(7), event(104)])
    store.compact()
    batches = consumer.batches
    consumer.run(spark, store.path, tmp_path / "checkpoint")
    assert consumer.batches > batches
    assert sorted_rows(consumer.rows) == rows_of(store)
    # Spark says that a batch is done when it begins the next one.
    taken = annalsdb.leases(store.path)
    assert [(one["name"], one["sequence"]) for one in taken] == [("spark", first)]
    # Nothing new: nothing is taken again.
    consumer.run(spark, store.path, tmp_path / "checkpoint")
    assert sorted_rows(consumer.rows) == rows_of(store)


def test_a_stream_of_shards(spark: SparkSession, store: annalsdb.Store, shards: Path, tmp_path: Path) -> None:
    consumer = Consumer()
    consumer.run(spark, shards, tmp_path / "checkpoint")
    assert sorted_rows(consumer.rows) == rows_of(store)


def test_what_spark_writes_is_imported(spark: SparkSession, store: annalsdb.Store, tmp_path: Path) -> None:
    loaded(spark, store.path, partitions=3).write.parquet(str(tmp_path / "out"))
    names = [path.name for path in (tmp_path / "out").iterdir()]
    assert "_SUCCESS" in names and any(name.endswith(".crc") for name in names)
    schema = tmp_path / "schema.json"
    schema.write_text(store.schema)
    annals("init", tmp_path / "copy", "--schema", schema)
    annals("import", tmp_path / "copy", tmp_path / "out")
    with annalsdb.open_reader(tmp_path / "copy") as copy:
        assert rows_of(copy) == rows_of(store)


def test_two_workers_of_which_one_is_killed(store: annalsdb.Store, tmp_path: Path) -> None:
    """A cluster gives the right answer, also when an executor dies in the middle of the query."""
    active = SparkSession.getActiveSession()
    if active is not None:
        active.stop()
    cluster = spark_cluster.Cluster(tmp_path)
    try:
        session = spark_cluster.session(cluster.url)
        annalsdb.spark.register(session)
        expected: dict[str, int] = {}
        for row in rows_of(store):
            expected[row["USER_ID"]] = expected.get(row["USER_ID"], 0) + 1
        frame = loaded(session, store.path, partitions=6)
        counts = frame.groupBy("USER_ID").count()
        assert {row[0]: row[1] for row in counts.collect()} == expected

        marks = tmp_path / "marks"
        marks.mkdir()

        def slowly(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            (marks / str(os.getpid())).touch()
            for batch in batches:
                time.sleep(1)
                yield batch

        slow = frame.mapInArrow(slowly, frame.schema).groupBy("USER_ID").count()
        def kill() -> None:
            while not any(marks.iterdir()):
                time.sleep(0.1)
            cluster.kill_an_executor()

        killer = Thread(target=kill)
        killer.start()
        found = {row[0]: row[1] for row in slow.collect()}
        killer.join()
        assert found == expected
        session.stop()
    finally:
        cluster.stop()
