"""Sequences of users as tensors, for training with torch.

docs/python.md has an example that runs.
"""

from __future__ import annotations

import os
from typing import Any, Iterator, Mapping, Sequence

import torch
from torch.utils.data import IterableDataset, get_worker_info

from ._annalsdb import SequenceBlock, Vocabulary, open_reader
from ._errors import InvalidInputError

__all__ = ["Sequences", "padded"]


class Sequences(IterableDataset[dict[str, Any]]):
    """The sequences of all users, in batches of users.

    A batch is a dict: for each column a tensor of the values of all its users, one user behind the other,
    oldest first; ``offsets``, where each user's values begin, and their end; and ``USER_ID``, the ids. Whole
    numbers and codes of strings are ``int64``, others ``float32``. Give it to a ``DataLoader`` with
    ``batch_size=None``, since it makes batches itself. ``padded`` makes rectangles of them.

    The dataset holds the store's path, not a handle: each worker opens the store for reading, so it
    is safe with fork and spawn. Users are divided into blocks, and blocks among ranks and workers: every user
    comes once in an epoch. With ``shuffle`` the blocks and the users in a block come in an order
    that seed and epoch decide; call ``set_epoch`` before each epoch.

    ``state_dict`` tells how far the iteration is; after ``load_state_dict`` the next goes on from there. In
    workers it is asked for by ``torchdata.stateful_dataloader.StatefulDataLoader``.

    Args:
        path: the store's folder.
        columns: the fields to read, each a string, a number, or ``TIMESTAMP``.
        vocabularies: by column the vocabulary whose codes its strings become; one that is missing is read from the
            store, which is a scan.
        max_length: of each user so many rows at most, the newest.
        min_length: users with fewer rows are left out.
        batch_size: users of a batch.
        shuffle: whether the order is random.
        seed: of the order.
        blocks: how many blocks the users are divided into; each is in memory while it is read.
        event_types, since, until: which rows count, as in ``Store.scan``.
        rank, world_size: of this process; by default those of ``torch.distributed`` where it is initialised.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        columns: Sequence[str] = ("ITEM_ID", "TIMESTAMP", "EVENT_TYPE"),
        vocabularies: Mapping[str, Vocabulary] | None = None,
        max_length: int = 200,
        min_length: int = 1,
        batch_size: int = 256,
        shuffle: bool = False,
        seed: int = 0,
        blocks: int = 64,
        event_types: Sequence[str] | None = None,
        since: Any = None,
        until: Any = None,
        rank: int | None = None,
        world_size: int | None = None,
    ) -> None:
        super().__init__()
        for name, number in (("batch_size", batch_size), ("blocks", blocks), ("max_length", max_length)):
            if number < 1:
                raise InvalidInputError(f"{name}: {number}; must be at least 1")
        if (rank is None) != (world_size is None):
            raise InvalidInputError("rank and world_size: give both, or neither")
        self.path = os.fspath(path)
        self.columns = list(columns)
        self.max_length = max_length
        self.min_length = min_length
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self._filters: dict[str, Any] = {"event_types": event_types, "since": since, "until": until}
        self._place = None if rank is None or world_size is None else (rank, world_size)
        self._epoch = 0
        self._begin = (0, 0)
        self._next = (0, 0)
        with open_reader(self.path) as store:
            self._ranges = store.user_ranges(blocks)
            self.vocabularies = dict(vocabularies or {})
            for name in _strings(store.schema, self.columns):
                if name not in self.vocabularies:
                    self.vocabularies[name] = Vocabulary.of(store, name)

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch the next iteration is: it decides the order, and begins at the beginning."""
        self._epoch = epoch
        self._begin = self._next = (0, 0)

    def state_dict(self) -> dict[str, Any]:
        """How far the iteration is, in this worker."""
        return {"epoch": self._epoch, "block": self._next[0], "batch": self._next[1]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Have the next iteration go on where the state was taken."""
        self._epoch = state["epoch"]
        self._begin = self._next = (state["block"], state["batch"])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        shard, shards = self._shard()
        order = self._order(len(self._ranges), salt=0)[shard::shards]
        first_block, first_batch = self._begin
        self._begin = (0, 0)
        with open_reader(self.path) as store:
            for at in range(first_block, len(order)):
                block = SequenceBlock.read(
                    store,
                    self._ranges[order[at]],
                    self.columns,
                    self.vocabularies,
                    max_length=self.max_length,
                    min_length=self.min_length,
                    **self._filters,
                )
                users = self._order(len(block), salt=1 + order[at])
                dtypes = dict(block.columns())
                starts = range(0, len(users), self.batch_size)
                for nth in range(first_batch, len(starts)):
                    self._next = (at, nth + 1)
                    some = users[starts[nth] : starts[nth] + self.batch_size]
                    yield _batch(block, some, dtypes)
                first_batch = 0
                self._next = (at + 1, 0)
        self._next = (0, 0)

    def _order(self, count: int, salt: int) -> list[int]:
        if not self.shuffle:
            return list(range(count))
        generator = torch.Generator()
        generator.manual_seed(hash((self.seed, self._epoch, salt)) & (2**63 - 1))
        order: list[int] = torch.randperm(count, generator=generator).tolist()
        return order

    def _shard(self) -> tuple[int, int]:
        rank, world_size = self._place or (0, 1)
        if self._place is None and torch.distributed.is_available():
            if torch.distributed.is_initialized():
                rank = torch.distributed.get_rank()
                world_size = torch.distributed.get_world_size()
        worker = get_worker_info()
        if worker is None:
            return rank, world_size
        return rank * worker.num_workers + worker.id, world_size * worker.num_workers


def _strings(schema: str, columns: Sequence[str]) -> list[str]:
    """The columns that the schema has as strings."""
    import json

    fields = {field["name"]: field["type"] for field in json.loads(schema)["fields"]}
    return [name for name in columns if "string" in _kinds(fields.get(name))]


def _kinds(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _batch(block: SequenceBlock, users: list[int], whole: Mapping[str, bool]) -> dict[str, Any]:
    batch: dict[str, Any] = {"USER_ID": block.users(users)}
    for name, memory in block.gather(users).items():
        dtype = torch.int64 if whole.get(name, True) else torch.float32
        # The tensor owns the memory; an empty one cannot be made of it.
        batch[name] = torch.frombuffer(memory, dtype=dtype) if memory else torch.empty(0, dtype=dtype)
    return batch


def padded(
    values: torch.Tensor, offsets: torch.Tensor, length: int, *, padding: float = 0
) -> torch.Tensor:
    """Make a rectangle of the sequences of a batch: a row for each user, the newest value last.

    Shorter sequences are padded at the left, of longer ones the newest values stay.

    >>> padded(torch.tensor([1, 2, 3, 4]), torch.tensor([0, 1, 4]), 2).tolist()
    [[0, 1], [3, 4]]
    """
    lengths = (offsets[1:] - offsets[:-1]).clamp(max=length)
    columns = torch.arange(length, device=values.device)
    kept = columns >= (length - lengths)[:, None]
    at = offsets[1:, None] - length + columns
    out = values.new_full((len(lengths), length), padding)
    out[kept] = values[at[kept]]
    return out
