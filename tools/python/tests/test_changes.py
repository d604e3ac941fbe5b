"""Pins, leases, and copies that follow a store by its changes."""

from __future__ import annotations

import multiprocessing
import random
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import annalsdb
import pytest
from conftest import event


def test_a_pin_stays_as_it_is(folder: Path, filled: annalsdb.Store) -> None:
    before = int(time.time())
    pin = filled.pin("training", lasts=timedelta(days=7))
    assert pin["name"] == "training"
    assert pin["made_seconds"] >= before
    assert pin["expires_seconds"] == pin["made_seconds"] + 7 * 86_400
    assert annalsdb.pins(folder) == [pin]
    filled.delete(user="ada")
    with annalsdb.open_pin(folder, "training") as pinned:
        assert pinned.history("ada").to_list("TIMESTAMP") == [300, 200, 100]
        assert not pinned.writable and not pinned.refresh()
        with pytest.raises(annalsdb.UnsupportedError):
            pinned.write(event("ada", "tea", 5))
    with pytest.raises(annalsdb.AlreadyExistsError):
        filled.pin("training")
    assert filled.pin("always")["expires_seconds"] is None
    assert [pin["name"] for pin in annalsdb.pins(folder)] == ["always", "training"]
    annalsdb.unpin(folder, "training")
    annalsdb.unpin(folder, "always")
    assert annalsdb.pins(folder) == []
    with pytest.raises(annalsdb.NotFoundError, match="training"):
        annalsdb.open_pin(folder, "training")
    with pytest.raises(annalsdb.NotFoundError):
        annalsdb.unpin(folder, "training")
    with pytest.raises(annalsdb.NotFoundError):
        annalsdb.pins(folder / "nowhere")
    with pytest.raises(annalsdb.InvalidInputError, match="no name"):
        filled.pin("../training")
    with pytest.raises(annalsdb.InvalidInputError, match="lasts: -1"):
        filled.pin("training", lasts=-1)


def read_pin(folder: Path, answers: Any) -> None:
    with annalsdb.open_pin(folder, "training") as pinned:
        answers.put(pinned.users())


def test_a_pin_is_read_in_another_process(folder: Path, filled: annalsdb.Store) -> None:
    filled.pin("training")
    filled.delete(users=["ada", "ben"])
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    process = spawn.Process(target=read_pin, args=(folder, answers))
    process.start()
    assert answers.get(timeout=60) == ["ada", "ben", "cy"]
    process.join()


def test_leases_are_renewed_and_released(folder: Path, filled: annalsdb.Store) -> None:
    first = annalsdb.lease(folder, "trainer", 1)
    assert first["sequence"] == 1 and first["expires_seconds"] is None
    renewed = annalsdb.lease(folder, "trainer", 2, lasts=60)
    assert renewed["expires_seconds"] == renewed["taken_seconds"] + 60
    assert annalsdb.leases(folder) == [renewed]
    annalsdb.release_lease(folder, "trainer")
    assert annalsdb.leases(folder) == []
    with pytest.raises(annalsdb.NotFoundError):
        annalsdb.release_lease(folder, "trainer")
    with pytest.raises(annalsdb.InvalidInputError):
        annalsdb.lease(folder, "a/b", 1)


def rows_of(scan: annalsdb.Scan) -> list[dict[str, Any]]:
    return [row for rows in scan for row in rows]


def test_changes_are_what_came_and_what_was_done(filled: annalsdb.Store) -> None:
    base = filled.sequence
    nothing = filled.changes_since(base)
    assert (nothing.since, nothing.sequence, nothing.steps) == (base, base, [])
    assert rows_of(nothing.scan()) == []

    filled.write([event("dan", "jam", 400, EVENT_VALUE=1.5), event("dan", "tea", 500, "purchase")])
    filled.delete(users=["ada", "cy"], item="tea", since=100)
    changes = filled.changes_since(base)
    filled.write(event("eve", "tea", 600))
    assert (changes.since, changes.sequence) == (base, base + 2)
    assert changes.steps == [
        {"step": "deleted", "sequence": base + 2, "users": ["ada", "cy"], "item": "tea", "from": 100}
    ]
    assert [row["ITEM_ID"] for row in rows_of(changes.scan())] == ["jam", "tea"]
    assert rows_of(changes.scan())[0]["EVENT_VALUE"] == 1.5
    assert changes.snapshot().users() == ["ada", "ben", "cy", "dan"]
    assert rows_of(changes.scan(columns=["ITEM_ID"], event_types="PURCHASE")) == [{"ITEM_ID": "tea"}]
    assert [row["TIMESTAMP"] for row in rows_of(changes.scan(until=500))] == [400]
    assert rows_of(changes.scan(times="datetime", since=500))[0]["TIMESTAMP"].timestamp() == 500
    scan = changes.scan(strings="dictionary")
    assert rows_of(scan) == rows_of(scan) == rows_of(changes.scan())
    with pytest.raises(annalsdb.InvalidInputError, match="COLOR"):
        changes.scan(columns=["COLOR"])
    assert [row["USER_ID"] for row in rows_of(filled.changes_since(changes.sequence).scan())] == ["eve"]


def test_changes_are_arrow_data(filled: annalsdb.Store) -> None:
    pa = pytest.importorskip("pyarrow")
    filled.write(event("dan", "jam", 400))
    changes = filled.changes_since(2)
    table = pa.table(changes.scan())
    assert table.column("USER_ID").to_pylist() == ["dan"]
    assert table.schema == pa.table(filled.scan()).schema
    assert pa.schema(changes.scan()) == table.schema
    by_codes = pa.table(changes.scan(strings="dictionary"))
    assert by_codes.schema == pa.table(filled.scan(strings="dictionary")).schema


def test_sessions_and_late_recommendations_are_told(folder: Path) -> None:
    one = {"eventId": "e1", "eventType": "view", "itemId": "tea", "sentAt": 200, "recommendationId": "r1"}
    two = {"eventId": "e2", "eventType": "view", "itemId": "jam", "sentAt": 300}
    schema = annalsdb.schema(EVENT_TYPE="string", IMPRESSION="string?", RECOMMENDATION_ID="string?")
    with annalsdb.create(folder, schema) as store:
        store.put_events({"sessionId": "s1", "eventList": [one]})
        store.put_events({"sessionId": "s1", "userId": "zoe", "eventList": [two]})
        store.record_recommendation({"recommendationId": "r1", "items": ["tea", "cake"]})
        joined, recommended = store.changes_since(1).steps
    assert joined == {"step": "joined", "sequence": 2, "session": "s1", "user": "zoe"}
    assert recommended == {
        "step": "recommended",
        "sequence": 3,
        "commits": [1, 1],
        "recommendation": "r1",
        "items": ["tea", "cake"],
    }


def test_changes_that_cannot_be_told_say_so(folder: Path, filled: annalsdb.Store) -> None:
    with pytest.raises(annalsdb.InvalidInputError, match="start over"):
        filled.changes_since(99)
    filled.import_arrow(filled.scan(), mode="full")
    filled.write(event("ada", "tea", 700))
    with annalsdb.open_reader(folder) as reader:
        assert rows_of(reader.changes_since(reader.sequence).scan()) == []
    annalsdb.lease(folder, "copy", filled.sequence)
    filled.delete(user="ada")
    filled.import_arrow(filled.scan(), mode="full")
    filled.import_arrow(filled.scan(), mode="full")
    with pytest.raises(annalsdb.InvalidInputError, match="FULL import"):
        filled.changes_since(1)


def documented_apply() -> Any:
    """The function of docs/exports.md that applies steps to a frame of pandas."""
    text = (Path(__file__).resolve().parents[3] / "docs" / "exports.md").read_text()
    code = re.search(r"^```python\n(?P<code>def apply\(.*?)^```$", text, re.M | re.S)
    assert code, "docs/exports.md has no function apply"
    names: dict[str, Any] = {"pandas": pytest.importorskip("pandas")}
    exec(code["code"], names)
    return names["apply"]


def test_the_documented_recipe_keeps_a_copy_up_to_date(folder: Path) -> None:
    pd = pytest.importorskip("pandas")
    apply = documented_apply()
    chance = random.Random(1)
    users, things, kinds = ["ada", "ben", "cy", "s1", "s2"], ["tea", "jam", "pie"], ["view", "buy"]
    order = ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"]
    sorted_rows = lambda frame: sorted(map(tuple, frame[order].to_numpy().tolist()))  # noqa: E731
    with annalsdb.create(folder, annalsdb.schema(EVENT_TYPE="string")) as store:
        copy = pd.DataFrame.from_arrow(store.scan())
        taken = annalsdb.lease(folder, "copy", store.sequence)["sequence"]
        for step in range(60):
            for _ in range(chance.randrange(4)):
                user, thing = chance.choice(users[:3]), chance.choice(things)
                match chance.randrange(5):
                    case 0:
                        store.delete(user=user, since=chance.randrange(100))
                    case 1:
                        store.delete(users=[user, "cy"], item=thing)
                    case 2:
                        sent = {"eventId": f"e{chance.random()}", "eventType": "view", "itemId": thing,
                                "sentAt": chance.randrange(100)}
                        session = chance.choice(users[3:])
                        known = {"userId": "ada"} if step > 30 else {}
                        store.put_events({"sessionId": session, "eventList": [sent], **known})
                    case _:
                        store.write(event(user, thing, chance.randrange(100), chance.choice(kinds)))
            if chance.random() < 0.3:
                store.compact()
            changes = store.changes_since(taken)
            arrived = pd.DataFrame.from_arrow(changes.scan())
            copy = pd.concat([apply(copy, changes.steps), arrived], ignore_index=True)
            assert sorted_rows(copy) == sorted_rows(pd.DataFrame.from_arrow(store.scan()))
            taken = annalsdb.lease(folder, "copy", changes.sequence)["sequence"]
