"""Sequences: every user once, in order, over ranks, workers, forks and spawns, and after a restart."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import annalsdb
import pytest
from conftest import SCHEMA, event

torch = pytest.importorskip("torch")
from annalsdb import Vocabulary  # noqa: E402
from annalsdb.torch import Sequences, padded  # noqa: E402

USERS = 300


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("torch") / "store"
    with annalsdb.create(path, SCHEMA) as store:
        for part in range(2):
            store.write(
                [
                    event(f"u{at:03}", f"i{(at * 7 + nth) % 50}", 1000 + nth, ["view", "buy"][nth % 2],
                          EVENT_VALUE=None if nth % 3 else nth / 2)
                    for at in range(USERS)
                    for nth in range(part, 2 + at % 9, 2)
                ]
            )
            if part == 0:
                store.flush()
    return path


def rows_of(batches: Any, vocabulary: Vocabulary) -> dict[str, list[tuple[str, int]]]:
    found: dict[str, list[tuple[str, int]]] = {}
    for batch in batches:
        offsets = batch["offsets"].tolist()
        items = vocabulary.decode(batch["ITEM_ID"].tolist())
        times = batch["TIMESTAMP"].tolist()
        for at, user in enumerate(batch["USER_ID"]):
            assert user not in found
            rows = slice(offsets[at], offsets[at + 1])
            found[user] = list(zip(items[rows], times[rows]))
    return found


def expected(path: Path, most: int = 200, least: int = 1) -> dict[str, list[tuple[str, int]]]:
    with annalsdb.open_reader(path) as store:
        rows = {}
        for user in store.users():
            history = store.history(user, oldest_first=True)
            if len(history) >= least:
                rows[user] = [(row["ITEM_ID"], row["TIMESTAMP"]) for row in history][-most:]
        return rows


@pytest.mark.parametrize("shuffle", [False, True])
def test_every_user_comes_once(path: Path, shuffle: bool) -> None:
    data = Sequences(path, batch_size=32, blocks=5, shuffle=shuffle)
    assert rows_of(data, data.vocabularies["ITEM_ID"]) == expected(path)
    order = [user for batch in data for user in batch["USER_ID"]]
    assert (order == sorted(order)) != shuffle
    assert [user for batch in data for user in batch["USER_ID"]] == order
    data.set_epoch(1)
    assert ([user for batch in data for user in batch["USER_ID"]] == order) != shuffle


def test_lengths_and_filters(path: Path) -> None:
    data = Sequences(path, max_length=3, min_length=4, batch_size=50)
    assert rows_of(data, data.vocabularies["ITEM_ID"]) == expected(path, 3, 4)
    bought = Sequences(path, event_types=["buy"], columns=["EVENT_TYPE"])
    codes = torch.cat([batch["EVENT_TYPE"] for batch in bought])
    assert bought.vocabularies["EVENT_TYPE"].decode(codes.unique().tolist()) == ["buy"]
    values = next(iter(Sequences(path, columns=["EVENT_VALUE"])))
    assert values["EVENT_VALUE"].dtype == torch.float32
    assert values["EVENT_VALUE"].isnan().any() and (values["EVENT_VALUE"] == 1.5).any()
    with pytest.raises(annalsdb.InvalidInputError, match="COLOR"):
        next(iter(Sequences(path, columns=["COLOR"])))
    with pytest.raises(annalsdb.InvalidInputError, match="batch_size"):
        Sequences(path, batch_size=0)


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_workers_share_the_users(path: Path, start: str) -> None:
    with annalsdb.open_reader(path):  # a handle of the parent is no matter
        data = Sequences(path, batch_size=16, blocks=8, shuffle=True)
        loader = torch.utils.data.DataLoader(data, batch_size=None, num_workers=2, multiprocessing_context=start)
        assert rows_of(loader, data.vocabularies["ITEM_ID"]) == expected(path)


def test_ranks_share_the_users(path: Path) -> None:
    vocabularies = Sequences(path).vocabularies
    together: dict[str, list[tuple[str, int]]] = {}
    for rank in range(3):
        data = Sequences(path, vocabularies=vocabularies, blocks=7, shuffle=True, rank=rank, world_size=3)
        part = rows_of(data, vocabularies["ITEM_ID"])
        assert part and not together.keys() & part.keys()
        together |= part
    assert together == expected(path)


@pytest.mark.parametrize("stop", [0, 1, 5, 9, 99])
def test_an_iteration_goes_on_where_it_was(path: Path, stop: int) -> None:
    def data() -> Sequences:
        made = Sequences(path, batch_size=16, blocks=4, shuffle=True, seed=3)
        made.set_epoch(2)
        return made

    whole = [batch["USER_ID"] for batch in data()]
    stop = min(stop, len(whole))
    first = data()
    batches = iter(first)
    begun = [next(batches)["USER_ID"] for _ in range(stop)]
    state = pickle.loads(pickle.dumps(first.state_dict()))
    again = data()
    again.load_state_dict(state)
    assert begun + [batch["USER_ID"] for batch in again] == whole


def test_vocabularies(path: Path) -> None:
    with annalsdb.open_reader(path) as store:
        items = Vocabulary.of(store, "ITEM_ID")
        assert len(items) == 50 and "i7" in items and "never" not in items
        counts: dict[str, int] = {}
        for row in (row for rows in store.scan(columns=["ITEM_ID"]) for row in rows):
            counts[row["ITEM_ID"]] = counts.get(row["ITEM_ID"], 0) + 1
        assert items.to_list() == sorted(counts, key=lambda item: (-counts[item], item))
        frequent = Vocabulary.of(store, "ITEM_ID", min_count=max(counts.values()))
        assert set(frequent.to_list()) == {i for i, n in counts.items() if n == max(counts.values())}
        assert len(Vocabulary.of(store, "USER_ID")) == USERS
        with pytest.raises(annalsdb.InvalidInputError, match="no column of strings"):
            Vocabulary.of(store, "EVENT_VALUE")
    assert items.encode(["never", items.to_list()[0]]).to_list() == [0, 1]
    assert items.decode([0, 1]) == [None, items.to_list()[0]]
    assert pickle.loads(pickle.dumps(items)).to_list() == items.to_list()
    with pytest.raises(annalsdb.InvalidInputError, match="code 51"):
        items.decode([51])
    with pytest.raises(annalsdb.InvalidInputError, match="given twice"):
        Vocabulary(["a", "a"])


def test_sequences_are_padded() -> None:
    values, offsets = torch.tensor([1, 2, 3, 4]), torch.tensor([0, 1, 1, 4])
    assert padded(values, offsets, 2).tolist() == [[0, 1], [0, 0], [3, 4]]
    assert padded(values, offsets, 4, padding=9).tolist() == [[9, 9, 9, 1], [9, 9, 9, 9], [9, 2, 3, 4]]
    assert padded(values[:0], torch.tensor([0]), 2).shape == (0, 2)
