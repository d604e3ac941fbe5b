"""Stores that are queried by datafusion-python, whose engine is another than that of the package."""

import os
import subprocess
from collections import Counter
from pathlib import Path

import annals_datafusion
import pytest
from datafusion import SessionContext

ANNALS = os.environ["ANNALS"]
SCHEMA = """{"type": "record", "name": "Interactions", "fields": [
    {"name": "USER_ID", "type": "string"}, {"name": "ITEM_ID", "type": "string"},
    {"name": "TIMESTAMP", "type": "long"}, {"name": "EVENT_TYPE", "type": "string"},
    {"name": "DEVICE", "type": ["null", "string"], "categorical": true}]}"""
TYPES = ("view", "cart", "purchase")


def rows(first: int, count: int) -> list[tuple[str, str, int, str, str]]:
    """Rows in the order of time; each user has every 23rd."""
    return [
        (f"u{n % 23:02}", f"i{n * 7 % 31}", 1_700_000_000 + n * 600, TYPES[n % 3], ("phone", "")[n % 2])
        for n in range(first, first + count)
    ]


ROWS = rows(0, 2_000)


def annals(*arguments: object) -> None:
    subprocess.run([ANNALS, *map(str, arguments)], check=True, capture_output=True)


def csv(folder: Path, name: str, some: list[tuple[str, str, int, str, str]]) -> Path:
    lines = ["USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,DEVICE", *(",".join(map(str, row)) for row in some)]
    file = folder / name
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture(params=["store", "shards"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A store, and a set of three shards, with the same rows."""
    schema = tmp_path / "schema.json"
    schema.write_text(SCHEMA)
    made = tmp_path / "made"
    events = csv(tmp_path, "events.csv", ROWS)
    if request.param == "store":
        annals("init", made, "--schema", schema)
        annals("import", made, events)
    else:
        annals("shard", "init", made, "--schema", schema, "--shards", 3)
        annals("shard", "import", made, events)
    return made


def context_of(store: annals_datafusion.Store) -> SessionContext:
    context = SessionContext(annals_datafusion.config().with_target_partitions(2))
    context.register_table("interactions", store.interactions())
    return context


def answer(context: SessionContext, sql: str) -> list[tuple]:
    return [tuple(row.values()) for batch in context.sql(sql).collect() for row in batch.to_pylist()]


def test_answers_are_those_of_the_rows(path: Path) -> None:
    context = context_of(annals_datafusion.Store(path))
    found = answer(context, "SELECT event_type, count(*) FROM interactions GROUP BY 1 ORDER BY 1")
    assert found == sorted(Counter(row[3] for row in ROWS).items())
    found = answer(context, "SELECT user_id, item_id, timestamp, event_type, coalesce(device, '') FROM interactions "
                            "ORDER BY user_id, timestamp")  # fmt: skip
    assert found == sorted(ROWS, key=lambda row: (row[0], row[2]))


def test_filters_cross_to_the_store(path: Path) -> None:
    context = context_of(annals_datafusion.Store(path))
    filters = (
        "user_id = 'u07' AND event_type = 'cart' AND "
        "to_timestamp_seconds(timestamp) >= to_timestamp_seconds(1700600000)"
    )
    own = [row for row in ROWS if row[0] == "u07" and row[3] == "cart" and row[2] >= 1_700_600_000]
    sql = f"SELECT timestamp FROM interactions WHERE {filters} ORDER BY timestamp"
    assert own and answer(context, sql) == [(row[2],) for row in own]
    # The store leaves nothing for a filter above it.
    assert "FilterExec" not in str(context.sql(sql).execution_plan())
    unknown = answer(context, "SELECT count(*) FROM interactions WHERE length(item_id) = 2")
    assert unknown == [(sum(len(row[1]) == 2 for row in ROWS),)]


def test_windows_by_user_need_no_sort(path: Path) -> None:
    context = context_of(annals_datafusion.Store(path))
    sql = "SELECT lag(timestamp) OVER (PARTITION BY user_id ORDER BY timestamp) AS before FROM interactions"
    assert "SortExec" not in str(context.sql(sql).execution_plan())
    firsts = answer(context, f"SELECT count(*) FROM ({sql}) WHERE before IS NULL")
    assert firsts == [(23,)]


def test_histories_and_sequences_are_tables(path: Path) -> None:
    store = annals_datafusion.Store(path)
    context = SessionContext()
    context.register_table("history", store.history("u07", 3))
    context.register_table("sequences", store.sequences(5))
    own = [row for row in ROWS if row[0] == "u07"]
    found = answer(context, "SELECT item_id, timestamp FROM history")
    assert found == [(row[1], row[2]) for row in reversed(own[-3:])]
    found = answer(context, "SELECT item_ids, timestamps FROM sequences WHERE user_id = 'u07'")
    assert found == [([row[1] for row in own[-5:]], [row[2] for row in own[-5:]])]
    assert answer(context, "SELECT count(*) FROM sequences") == [(23,)]


def test_tables_stay_and_refreshing_goes_on(path: Path, tmp_path: Path) -> None:
    store = annals_datafusion.Store(path)
    context = context_of(store)
    assert not store.refresh()
    later = csv(tmp_path, "later.csv", rows(2_000, 50))
    annals(*(["shard", "import"] if (path / "shards.json").exists() else ["import"]), path, later)
    assert answer(context, "SELECT count(*) FROM interactions") == [(2_000,)]
    assert store.refresh()
    assert answer(context, "SELECT count(*) FROM interactions") == [(2_000,)]
    assert answer(context_of(store), "SELECT count(*) FROM interactions") == [(2_050,)]


def test_a_table_outlives_its_store(path: Path) -> None:
    context = context_of(annals_datafusion.Store(path))
    assert answer(context, "SELECT count(*) FROM interactions") == [(2_000,)]


def test_what_is_wrong_is_said(path: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="none"):
        annals_datafusion.Store(tmp_path / "none")
    store = annals_datafusion.Store(path)
    with pytest.raises(ValueError, match="at least 1"):
        store.history("u07", 0)
    with pytest.raises(AttributeError):
        store.interactions().__datafusion_table_provider__(object())
    assert repr(store.interactions()) == "Table(user_id, item_id, timestamp, event_type, device)"
