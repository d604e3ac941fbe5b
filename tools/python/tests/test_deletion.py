"""Deleting, purging, expiring, and whether the store is well."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import annalsdb
import pytest
from conftest import event


def items(store: annalsdb.View, user: str) -> list[str]:
    return store.history(user).to_list("ITEM_ID")


def test_what_users_did_is_deleted_whole_or_in_part(filled: annalsdb.Store) -> None:
    before = filled.snapshot()
    assert filled.delete(user="ada", item="tea", until=300) == 3
    assert items(filled, "ada") == ["tea", "cake"]
    assert filled.delete(user="ada", since=datetime.fromtimestamp(300, timezone.utc)) == 4
    assert items(filled, "ada") == ["cake"]
    filled.delete(users=["ada", "cy", "nobody"], durability="buffered")
    assert filled.users() == ["ben"]
    assert items(before, "ada") == ["tea", "cake", "tea"]
    filled.write(event("ada", "jam", 400))
    assert items(filled, "ada") == ["jam"]


def test_an_item_is_deleted_for_everybody_and_from_impressions(filled: annalsdb.Store) -> None:
    filled.write(event("dan", "jam", 500, IMPRESSION=["tea", "jam"]))
    filled.delete(item="tea")
    assert filled.users() == ["ada", "cy", "dan"]
    assert filled.history("dan").to_list("IMPRESSION") == [["jam"]]


def test_users_are_given_by_arrow_too(filled: annalsdb.Store) -> None:
    pa = pytest.importorskip("pyarrow")
    filled.delete(users=pa.array(["ada", "cy"]))
    assert filled.users() == ["ben"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "nobody's"),
        ({"user": None, "item": "tea"}, "user: None; must be a string, or be left out"),
        ({"users": None, "item": "tea"}, "users: None; must be a list"),
        ({"user": "ada", "item": None}, "item: None"),
        ({"user": 7}, "user: 7"),
        ({"users": "ada"}, "one string"),
        ({"users": ["ada", 7]}, r"users\[1\]: 7"),
        ({"users": [], "item": "tea"}, "without users"),
        ({"user": "ada", "users": ["ben"]}, "give one of them"),
        ({"user": ""}, "no id is empty"),
        ({"item": "tea", "since": 5}, "takes no time range"),
        ({"user": "ada", "since": 5, "until": 5}, "since must be before until"),
        ({"user": "ada", "since": datetime(2024, 1, 1)}, "since: .*without a zone"),
        ({"user": "ada", "durability": "soon"}, "durability"),
    ],
)
def test_a_deletion_that_is_not_clear_is_refused(
    filled: annalsdb.Store, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(annalsdb.InvalidInputError, match=message):
        filled.delete(**arguments)
    assert filled.sequence == 2
    assert filled.users() == ["ada", "ben", "cy"]


def test_a_reader_deletes_nothing(filled: annalsdb.Store) -> None:
    with annalsdb.open_reader(filled.path) as reader:
        with pytest.raises(annalsdb.UnsupportedError):
            reader.delete(user="ada")
        with pytest.raises(annalsdb.UnsupportedError):
            reader.set_retention(max_age=60)


def test_a_purge_takes_deleted_ids_out_of_every_file(folder: Path, store: annalsdb.Store) -> None:
    # Long enough to be looked for byte by byte.
    user = "a-user-who-wants-to-be-forgotten"
    store.write([event(user, "tea", 5), event("ben", "tea", 6)])
    store.flush()
    assert any(user.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    store.delete(user=user)
    with pytest.raises(annalsdb.LockedError):
        annalsdb.purge(folder)
    store.close()
    receipt = annalsdb.purge(folder)
    assert receipt is not None
    assert receipt["found"] == [] and receipt["sequence"] == 2
    assert [one["kind"] for one in receipt["deleted"]] == ["user"]
    assert not any(user.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert json.loads(next((folder / "purges").glob("0*.json")).read_text()) == receipt
    assert annalsdb.purge(folder) is None
    assert annalsdb.check_purge(folder, receipt) == []

    with annalsdb.open(folder) as again:
        again.write(event(user, "jam", 7))
    found = annalsdb.check_purge(folder, json.dumps(receipt))
    assert [one["hash"] for one in found] == [receipt["deleted"][0]["hash"]] * len(found)
    assert found and found[0]["file"]
    with pytest.raises(annalsdb.InvalidInputError, match="not that of a purge"):
        annalsdb.check_purge(folder, {"found": []})
    with pytest.raises(annalsdb.NotFoundError):
        annalsdb.purge(folder / "nowhere")


def test_an_open_store_is_purged_once_its_snapshots_are_gone(folder: Path, store: annalsdb.Store) -> None:
    user = "a-user-who-wants-to-be-forgotten"
    store.write([event(user, "tea", 5), event("ben", "tea", 6)])
    store.flush()
    snapshot = store.snapshot()
    store.delete(user=user)
    with pytest.raises(annalsdb.LockedError):
        store.purge(wait=0)
    assert snapshot.history(user).to_list("ITEM_ID") == ["tea"]
    del snapshot
    receipt = store.purge(wait=5)
    assert receipt is not None and receipt["found"] == []
    assert not any(user.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert store.purge() is None
    assert store.history("ben").to_list("ITEM_ID") == ["tea"]
    with pytest.raises(annalsdb.InvalidInputError, match="wait"):
        store.purge(wait=-1)


def test_a_purge_waits_for_pins_and_leases(folder: Path, store: annalsdb.Store) -> None:
    store.write(event("ada", "tea", 5))
    store.pin("training")
    annalsdb.lease(folder, "copy", store.sequence)
    store.delete(user="ada")
    store.close()
    with pytest.raises(annalsdb.UnsupportedError, match="training"):
        annalsdb.purge(folder)
    annalsdb.unpin(folder, "training")
    with pytest.raises(annalsdb.UnsupportedError, match="copy"):
        annalsdb.purge(folder)
    annalsdb.release_lease(folder, "copy")
    assert annalsdb.purge(folder) is not None


def test_what_is_too_old_is_dropped(folder: Path, store: annalsdb.Store) -> None:
    now = int(time.time())
    store.write([event("ada", "tea", now - 7200), event("ada", "jam", now - 7200, "purchase")])
    store.write(event("ada", "cake", now))
    assert store.retention() == {"max_age": None, "max_age_of": {}, "sessions": None, "newest": None}
    store.set_retention(max_age_of={"VIEW": timedelta(hours=1)}, sessions=60)
    assert items(store, "ada") == ["cake", "jam"]
    rules = store.retention()
    assert rules == {"max_age": None, "max_age_of": {"VIEW": 3600}, "sessions": 60, "newest": None}
    store.set_retention(max_age=3600)
    assert items(store, "ada") == ["cake"]
    assert store.retention()["max_age_of"] == {}
    store.set_retention(**rules)
    assert store.retention() == rules
    store.write(event("ada", "old", now - 7200))
    store.expire()
    assert items(store, "ada") == ["cake"]
    with annalsdb.open_reader(folder) as reader:
        assert reader.retention() == rules
        store.set_retention(sessions=90)
        assert reader.retention() == rules
        reader.refresh()
        assert reader.retention()["sessions"] == 90
    store.close()
    with annalsdb.open(folder) as again:
        assert again.retention() == {"max_age": None, "max_age_of": {}, "sessions": 90, "newest": None}


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"max_age": 0}, "at least 1"),
        ({"max_age": -1}, "max_age: -1; must be whole seconds"),
        ({"max_age": timedelta(microseconds=1)}, "max_age: .*must be whole seconds"),
        ({"max_age": 1.5}, "max_age: 1.5"),
        ({"max_age": True}, "max_age: True"),
        ({"max_age_of": {"view": "30d"}}, "max_age_of: view: '30d'"),
        ({"max_age_of": {7: 5}}, "event types are strings"),
        ({"sessions": timedelta(days=-1)}, "sessions"),
    ],
)
def test_rules_that_are_none_are_refused(
    filled: annalsdb.Store, rules: dict[str, Any], message: str
) -> None:
    with pytest.raises(annalsdb.InvalidInputError, match=message):
        filled.set_retention(**rules)
    assert filled.retention() == {"max_age": None, "max_age_of": {}, "sessions": None, "newest": None}


def test_one_rule_is_changed(store: annalsdb.Store) -> None:
    store.set_retention(max_age=60, sessions=30)
    store.set_retention(**{**store.retention(), "max_age": 90})
    assert store.retention() == {"max_age": 90, "max_age_of": {}, "sessions": 30, "newest": None}


def test_health_tells_of_damage(folder: Path, filled: annalsdb.Store) -> None:
    assert filled.health() == {"state": "healthy", "reasons": []}
    filled.close()
    with pytest.raises(annalsdb.ClosedError):
        filled.health()
    segment = next(folder.rglob("*.seg"))
    segment.write_bytes(segment.read_bytes()[:-8])
    with annalsdb.open_reader(folder) as reader:
        health = reader.health()
    assert health["state"] == "degraded"
    assert segment.name in health["reasons"][0]
