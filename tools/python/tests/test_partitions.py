"""Partitions are the scan of a pin, in any process."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import annalsdb
import pytest
from conftest import SCHEMA, event
from hypothesis import given, settings
from hypothesis import strategies as st


def rows(part: Mapping[str, Any], **arguments: Any) -> list[dict[str, Any]]:
    return [row for batch in annalsdb.scan_partition(part, **arguments) for row in batch]


def everything(view: annalsdb.View) -> list[dict[str, Any]]:
    return [row for batch in view.scan() for row in batch]


@pytest.fixture
def many(store: annalsdb.Store) -> annalsdb.Store:
    store.write([event(f"u{at % 37:02}", f"i{at % 5}", at, ["view", "purchase"][at % 2]) for at in range(500)])
    store.flush()
    store.write([event(f"u{at % 41:02}", "late", 1000 + at) for at in range(80)])
    return store


def test_all_partitions_are_the_scan(many: annalsdb.Store) -> None:
    expected = everything(many)
    annalsdb.pin(many.path, "training")
    parts = annalsdb.partitions(many.path, 5, pin="training")
    assert len(parts) == 5 and parts == json.loads(json.dumps(parts))
    assert [part["users"].get("to") for part in parts[:-1]] == [part["users"]["from"] for part in parts[1:]]
    many.delete(user="u03")
    many.write(event("new", "tea", 5))
    many.compact()
    assert [row for part in parts for row in rows(part)] == expected
    assert sum(part["rows"] for part in parts) == len(expected)
    assert annalsdb.partitions(many.path, 5, pin="training") == parts
    assert {part["snapshot"]["pin"] for part in annalsdb.partitions(many.path, 2)} == {"partitions-1"}


def test_arguments_of_a_scan(many: annalsdb.Store) -> None:
    parts = annalsdb.partitions(many.path, 4)
    arguments: dict[str, Any] = {"columns": ["ITEM_ID"], "since": 100, "until": 300, "event_types": ["view"]}
    found = [row for part in parts for row in rows(part, **arguments)]
    assert found == [row for batch in many.scan(**arguments) for row in batch]
    users = ("u05", "u20")
    found = [row for part in parts for row in rows(part, users=users)]
    assert found == [row for batch in many.scan(users=users) for row in batch]
    assert rows(parts[0], users=("zz", None)) == []


def count(part: Mapping[str, Any]) -> int:
    return len(rows(part))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes(many: annalsdb.Store, method: str) -> None:
    parts = annalsdb.partitions(many.path, 6)
    assert len(rows(parts[0])) > 0
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert sum(pool.map(count, parts)) == 580


def test_a_pin_that_is_gone(many: annalsdb.Store) -> None:
    with pytest.raises(annalsdb.NotFoundError, match="there is no pin of this name"):
        annalsdb.partitions(many.path, 2, pin="gone")
    [made] = annalsdb.pin(many.path, "gone", lasts=60)
    assert made["expires_seconds"] == made["made_seconds"] + 60
    parts = annalsdb.partitions(many.path, 2, pin="gone")
    annalsdb.unpin(many.path, "gone")
    with pytest.raises(annalsdb.NotFoundError, match="it is gone; pin the store anew"):
        rows(parts[0])
    many.write(event("new", "tea", 5))
    annalsdb.pin(many.path, "gone")
    with pytest.raises(annalsdb.InvalidInputError, match="list its partitions again"):
        rows(parts[0])
    with pytest.raises(annalsdb.InvalidInputError, match="partition: missing field"):
        annalsdb.open_partition({"path": "x"})
    with pytest.raises(annalsdb.InvalidInputError, match="0 partitions"):
        annalsdb.partitions(many.path, 0)


names = st.text(min_size=1, max_size=3).filter(lambda name: "\x00" not in name and name.isprintable())


@settings(max_examples=25, deadline=None)
@given(users=st.lists(names, min_size=1, max_size=60), gone=st.lists(names, max_size=3), parts=st.integers(1, 9))
def test_any_users(users: list[str], gone: list[str], parts: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = tmp_path_factory.mktemp("any") / "store"
    with annalsdb.create(folder, SCHEMA) as store:
        store.write([event(user, f"i{at}", at) for at, user in enumerate(users)])
        store.flush()
        store.write([event(user, f"j{at}", at) for at, user in enumerate(users[::3])])
        for user in gone:
            store.delete(user=user)
        found = annalsdb.partitions(folder, parts)
        assert [row for part in found for row in rows(part)] == everything(store)


def test_changes_up_to_a_commit(store: annalsdb.Store) -> None:
    """Steps and rows of several calls add up to those of one, also when the store went on meanwhile."""
    first = store.write([event("ada", "tea", 1), event("ben", "tea", 2)])
    second = store.delete(user="ben")
    third = store.write(event("ben", "jam", 3))
    whole = store.changes_since(first)
    assert (whole.sequence, len(whole.steps)) == (third, 1)
    part = whole.up_to(second)
    assert part.sequence == second and [step["step"] for step in part.steps] == ["deleted"]
    assert [row for batch in part.scan() for row in batch] == []
    rest = store.changes_since(second)
    assert rest.steps == [] and [row["ITEM_ID"] for batch in rest.scan() for row in batch] == ["jam"]
    begun = store.changes_since(0)
    assert begun.steps == [] and len([row for batch in begun.scan() for row in batch]) == 2
    # Ben's first row is hidden by now: it does not come, and nothing is to be removed later.
    assert [row["USER_ID"] for batch in begun.up_to(first).scan() for row in batch] == ["ada"]
    with pytest.raises(annalsdb.InvalidInputError, match="they tell of the commits"):
        whole.up_to(third + 1)
