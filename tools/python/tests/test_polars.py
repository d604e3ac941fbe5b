"""The IO source against the same query on a frame that was read at once."""

from __future__ import annotations

from datetime import datetime, timezone

import annalsdb
import pytest
from conftest import event

pl = pytest.importorskip("polars")


@pytest.fixture
def store_of_many(store: annalsdb.Store) -> annalsdb.Store:
    store.write(
        [
            event(f"u{at % 7}", f"i{at % 5}", at * 10, ["view", "purchase"][at % 2], EVENT_VALUE=at / 4)
            for at in range(60)
        ]
    )
    store.flush()
    store.write([event("u3", "late", 7, "view", DEVICE="tv")])
    return store


def predicates() -> list[object]:
    time, user, kind = pl.col("TIMESTAMP"), pl.col("USER_ID"), pl.col("EVENT_TYPE")
    return [
        time > 100,
        time >= 100,
        time < 100,
        time <= 100,
        (time == 100) | (time == 200),
        time == 100,
        100 <= time,
        (time > 50) & (time < 300) & (user == "u3"),
        (user > "u2") & (user <= "u5"),
        (user >= "u2") & (user < "u5") & (kind == "view"),
        kind.is_in(["view"]) & (time > 20),
        kind.is_in(["view", "purchase"]),
        ~(time > 100),
        pl.col("EVENT_VALUE").is_not_null() & (pl.col("EVENT_VALUE") > 3),
        pl.col("ITEM_ID").str.starts_with("i1"),
        pl.col("DEVICE").is_null() & (time.cast(pl.Float64) > 10.5),
        time > 10.5,
        kind == "VIEW",
    ]


@pytest.mark.parametrize("at", range(18))
def test_predicates(store_of_many: annalsdb.Store, at: int) -> None:
    predicate = predicates()[at]
    everything = pl.DataFrame(store_of_many.scan())
    lazy = annalsdb.scan_polars(store_of_many, order="user-time")
    assert lazy.filter(predicate).collect().equals(everything.filter(predicate))
    some = lazy.filter(predicate).select("ITEM_ID").head(3).collect()
    assert some.equals(everything.filter(predicate).select("ITEM_ID").head(3))


def test_bounds_reach_the_engine() -> None:
    from annalsdb._predicate import bounds_of

    time, user, kind = pl.col("TIMESTAMP"), pl.col("USER_ID"), pl.col("EVENT_TYPE")
    bounds = bounds_of((time > 5) & (time <= 9) & (user == "ada") & (kind == "view"), times="int")
    assert (bounds.since, bounds.until) == (5, 10)
    assert bounds.users == ("ada", "ada\x01")
    assert bounds.event_types == ["view"]
    assert bounds_of(kind.is_in(["a", "b"]), times="int").event_types == ["a", "b"]
    either = bounds_of((time > 5) | (user == "ada"), times="int")
    assert either.since is None and either.users is None


def test_columns_limits_and_now(store_of_many: annalsdb.Store) -> None:
    lazy = annalsdb.scan_polars(store_of_many)
    assert lazy.collect_schema().names() == store_of_many.fields
    assert lazy.select("ITEM_ID").head(4).collect().shape == (4, 1)
    assert lazy.select(pl.len()).collect().item() == 61
    store_of_many.write(event("new", "pie", 5))
    assert lazy.select(pl.len()).collect().item() == 62
    counts = lazy.group_by("EVENT_TYPE").len().sort("EVENT_TYPE").collect()
    assert counts["len"].to_list() == [30, 32]


def test_datetimes(store_of_many: annalsdb.Store) -> None:
    lazy = annalsdb.scan_polars(store_of_many, times="datetime", order="user-time")
    assert lazy.collect_schema()["TIMESTAMP"] == pl.Datetime("us", "UTC")
    noon = datetime(1970, 1, 1, 0, 1, 40, tzinfo=timezone.utc)
    got = lazy.filter(pl.col("TIMESTAMP") >= noon).collect()
    expected = pl.DataFrame(store_of_many.scan(times="datetime")).filter(pl.col("TIMESTAMP") >= noon)
    assert got.equals(expected) and got.height > 0


def test_a_snapshot_is_scanned(store_of_many: annalsdb.Store) -> None:
    snapshot = store_of_many.snapshot()
    store_of_many.write(event("new", "pie", 5))
    assert annalsdb.scan_polars(snapshot).select(pl.len()).collect().item() == 61


def test_frames_and_series(store_of_many: annalsdb.Store) -> None:
    frame = pl.DataFrame(store_of_many.history("u3"))
    assert frame["TIMESTAMP"].is_sorted(descending=True)
    mask = store_of_many.unseen("u3", pl.Series(["i1", "never"]))
    assert mask.to_list()[1]
    assert pl.Series(mask).to_list() == mask.to_list()
    lists = pl.DataFrame(store_of_many.histories(["u3", "u4"]))
    assert lists["HISTORY"].list.len().to_list() == [9 + 1, 8]
