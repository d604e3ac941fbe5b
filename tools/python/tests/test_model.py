"""Everything that is written and read, against a list of dicts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import annalsdb
import pytest
from conftest import SCHEMA

hypothesis = pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

USERS = ["ada", "ben", "Ünal", "漢"]
ITEMS = ["tea", "jam", "pie", "cake", "é"]
TYPES = ["view", "purchase"]

events = st.fixed_dictionaries(
    {
        "USER_ID": st.sampled_from(USERS),
        "ITEM_ID": st.sampled_from(ITEMS),
        "TIMESTAMP": st.integers(0, 8),
        "EVENT_TYPE": st.sampled_from(TYPES),
        "EVENT_VALUE": st.none() | st.floats(-8, 8, width=32),
        "DEVICE": st.none() | st.sampled_from(["phone", "tv"]),
        "IMPRESSION": st.none() | st.lists(st.sampled_from(ITEMS), min_size=1, max_size=3),
    }
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.lists(events, max_size=6)),
        st.tuples(st.just("import"), st.lists(events, min_size=1, max_size=6)),
        st.tuples(st.sampled_from(["flush", "compact", "reopen"]), st.none()),
    ),
    max_size=8,
)


class Model:
    """The rows in the order of their arrival."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def history(
        self,
        user: str,
        *,
        limit: int | None = None,
        event_types: list[str] | None = None,
        since: int | None = None,
        until: int | None = None,
        oldest_first: bool = False,
    ) -> list[dict[str, Any]]:
        rows = [
            row
            for row in self.rows
            if row["USER_ID"] == user
            and (not event_types or row["EVENT_TYPE"] in event_types)
            and (since is None or row["TIMESTAMP"] >= since)
            and (until is None or row["TIMESTAMP"] < until)
        ]
        rows.sort(key=lambda row: row["TIMESTAMP"])
        if not oldest_first:
            rows.reverse()
        return [{name: row[name] for name in row if name != "USER_ID"} for row in rows[:limit]]


queries = st.fixed_dictionaries(
    {},
    optional={
        "limit": st.integers(0, 9),
        "event_types": st.lists(st.sampled_from(TYPES), max_size=2),
        "since": st.integers(0, 9),
        "until": st.integers(0, 9),
        "oldest_first": st.booleans(),
    },
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps, queries, st.lists(st.sampled_from(ITEMS), max_size=6))
def test_a_store_is_the_rows_written(
    steps: list[tuple[str, Any]], query: dict[str, Any], candidates: list[str]
) -> None:
    model = Model()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store"
        store = annalsdb.create(path, SCHEMA, limits={"min_import_rows": 0})
        for step, rows in steps:
            if step == "write":
                store.write(rows, durability="buffered")
                model.rows += rows
            elif step == "import":
                pa = pytest.importorskip("pyarrow")
                types = {
                    "EVENT_VALUE": pa.float32(),
                    "DEVICE": pa.string(),
                    "IMPRESSION": pa.list_(pa.string()),
                }
                store.import_arrow(
                    pa.table({name: pa.array([row[name] for row in rows], types.get(name)) for name in rows[0]})
                )
                model.rows += rows
            elif step == "flush":
                store.flush()
            elif step == "compact":
                store.compact()
            else:
                store.close()
                store = annalsdb.open(path)
        histories = store.histories(USERS, **query).to_list("HISTORY")
        for user, history in zip(USERS, histories):
            expected = model.history(user, **query)
            assert store.history(user, **query).to_dicts() == expected
            assert history == expected
            seen = {row["ITEM_ID"] for row in model.history(user, event_types=query.get("event_types"))}
            mask = store.unseen(user, candidates, event_types=query.get("event_types"))
            assert mask.to_list() == [item not in seen for item in candidates]
        assert store.users() == sorted({row["USER_ID"] for row in model.rows}, key=str.encode)
        scanned = [row for rows in store.scan() for row in rows]
        expected_scan = [
            {"USER_ID": user, **row}
            for user in sorted(USERS, key=str.encode)
            for row in model.history(user, oldest_first=True)
        ]
        assert scanned == expected_scan
        store.close()
