"""Reads in Python, against py-lmdb, polars and pyarrow; every answer is compared before it is timed.

python benches/python/bench.py [--rows 1000000] [--output results.md]

Needs annalsdb, numpy, pyarrow, polars, lmdb, and torch for the last line. Prints a table of medians of one run.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import struct
import tempfile
import time
from pathlib import Path
from typing import Any, Callable

import annalsdb
import lmdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

ROW = struct.Struct("<qIB")
TYPES = ["view", "click", "cart", "purchase"]
LIMIT = 100


def data(rows: int) -> pa.Table:
    """Users of 100 events on average, items by a power law."""
    random_numbers = np.random.default_rng(1)
    users = random_numbers.integers(0, max(rows // 100, 1), rows)
    items = (random_numbers.pareto(1.1, rows) * 20).astype(np.int64) % 50_000
    times = np.sort(random_numbers.integers(1_600_000_000, 1_700_000_000, rows))
    return pa.table(
        {
            "USER_ID": pa.array([f"user{user:07}" for user in users]),
            "ITEM_ID": pa.array([f"item{item:06}" for item in items]),
            "TIMESTAMP": times,
            "EVENT_TYPE": pa.array([TYPES[at] for at in random_numbers.integers(0, 4, rows)]),
        }
    )


def median(work: Callable[[], object], times: int = 7) -> float:
    """The median of several runs, after one that is not counted, in seconds."""
    work()
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


class Lmdb:
    """A key a user, whose value is its rows, packed by struct: time, number of the item, number of the type."""

    def __init__(self, path: Path, table: pa.Table) -> None:
        self.environment = lmdb.open(str(path), map_size=16 << 30, sync=False)
        frame = pl.DataFrame(table).sort("USER_ID", "TIMESTAMP", maintain_order=True)
        self.items = sorted(frame["ITEM_ID"].unique().to_list())
        number = {item: at for at, item in enumerate(self.items)}
        with self.environment.begin(write=True) as transaction:
            for (user,), rows in frame.group_by("USER_ID", maintain_order=True):
                packed = b"".join(
                    ROW.pack(at, number[item], TYPES.index(kind))
                    for item, at, kind in zip(rows["ITEM_ID"], rows["TIMESTAMP"], rows["EVENT_TYPE"])
                )
                transaction.put(str(user).encode(), packed)

    def history(self, user: str) -> tuple[list[str], list[int], list[str]]:
        with self.environment.begin(buffers=True) as transaction:
            packed = transaction.get(user.encode())[-LIMIT * ROW.size :]
            items, times, kinds = [], [], []
            for at, item, kind in ROW.iter_unpack(packed):
                items.append(self.items[item])
                times.append(at)
                kinds.append(TYPES[kind])
        return items, times, kinds

    def unseen(self, user: str, candidates: list[str]) -> list[bool]:
        with self.environment.begin(buffers=True) as transaction:
            packed = transaction.get(user.encode())
            seen = {self.items[item] for _, item, _ in ROW.iter_unpack(packed)}
        return [candidate not in seen for candidate in candidates]


def sequences(path: Path, workers: int) -> int:
    import torch
    from annalsdb.torch import Sequences

    dataset = sequences.dataset  # type: ignore[attr-defined]
    loader = torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=workers)
    return sum(batch["ITEM_ID"].numel() for batch in loader)


def lists(path: Path, workers: int) -> int:
    """List Parquet, read by pyarrow, collated in torch."""
    import torch

    class Rows(torch.utils.data.IterableDataset):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            worker = torch.utils.data.get_worker_info()
            file = pq.ParquetFile(path)
            groups = range(file.num_row_groups)
            if worker is not None:
                groups = groups[worker.id :: worker.num_workers]
            for batch in file.iter_batches(batch_size=256, row_groups=list(groups)):
                yield batch.to_pylist()

    def collate(rows: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        tensors = {name: torch.tensor([v for row in rows for v in row[name]]) for name in ("items", "times", "types")}
        lengths = torch.tensor([len(row["items"]) for row in rows])
        return {**tensors, "offsets": torch.nn.functional.pad(lengths.cumsum(0), (1, 0))}

    loader = torch.utils.data.DataLoader(Rows(), batch_size=None, num_workers=workers, collate_fn=collate)
    return sum(batch["items"].numel() for batch in loader)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--output", type=Path)
    given = arguments.parse_args()
    lines = []

    def line(work: str, ours: float, peer: str, theirs: float, unit: str = "us") -> None:
        scale = {"us": 1e6, "ms": 1e3, "s": 1}[unit]
        lines.append(f"| {work} | {ours * scale:,.1f} {unit} | {peer} | {theirs * scale:,.1f} {unit} | {theirs / ours:.1f}x |")
        print(lines[-1], flush=True)

    with tempfile.TemporaryDirectory() as folder:
        table = data(given.rows)
        schema = annalsdb.schema(EVENT_TYPE="string")
        store = annalsdb.create(Path(folder) / "store", schema)
        store.import_arrow(table)
        peer = Lmdb(Path(folder) / "lmdb", table)
        users = random.Random(1).sample(store.users(), 1000)
        candidates = random.Random(2).sample(peer.items, min(500, len(peer.items)))
        arrow_candidates = pa.array(candidates)
        for user in users[:100]:
            rows = store.history(user, limit=LIMIT, oldest_first=False)
            items, times, kinds = peer.history(user)
            assert rows.to_list("ITEM_ID")[::-1] == items or sorted(times) != times or len(set(times)) < len(times)
            assert rows.to_list("TIMESTAMP")[::-1] == times
            assert store.unseen(user, arrow_candidates).to_list() == peer.unseen(user, candidates)

        each = lambda work: median(lambda: [work(user) for user in users]) / len(users)  # noqa: E731
        one = each(lambda user: store.history(user, limit=LIMIT))
        line("history of 100, one user", one, "py-lmdb, struct to lists", each(peer.history))
        arrow = each(lambda user: pa.table(store.history(user, limit=LIMIT)))
        line("the same, as a table of pyarrow", arrow, "py-lmdb, struct to lists", each(peer.history))
        many = median(lambda: store.histories(users, limit=LIMIT)) / len(users)
        line("histories of 1,000 users in one call, per user", many, "the single call", one)
        line(
            "unseen of 500 candidates, an Arrow array",
            each(lambda user: store.unseen(user, arrow_candidates)),
            "py-lmdb and a set",
            each(lambda user: peer.unseen(user, candidates)),
        )
        line(
            "unseen of 500 candidates, a list",
            each(lambda user: store.unseen(user, candidates)),
            "py-lmdb and a set",
            each(lambda user: peer.unseen(user, candidates)),
        )

        parquet = Path(folder) / "rows.parquet"
        pq.write_table(pa.table(store.scan()), parquet)
        read = median(lambda: pl.read_parquet(parquet), 3)
        for order in ("any", "user-time"):
            scan = median(lambda: pl.DataFrame(store.scan(order=order)), 3)
            line(f"scan of {given.rows:,} rows into polars, {order}", scan, "polars.read_parquet", read, "ms")

        try:
            from annalsdb.torch import Sequences
        except ImportError:
            print("no torch: sequences are left out")
        else:
            sequences.dataset = Sequences(store.path, max_length=200)  # type: ignore[attr-defined]
            vocabulary = {item: at for at, item in enumerate(peer.items)}
            grouped = (
                pl.read_parquet(parquet)
                .with_columns(
                    items=pl.col("ITEM_ID").replace_strict(vocabulary),
                    types=pl.col("EVENT_TYPE").replace_strict({name: at for at, name in enumerate(TYPES)}),
                    times=pl.col("TIMESTAMP"),
                )
                .group_by("USER_ID", maintain_order=True)
                .agg(pl.col("items", "times", "types").tail(200))
            )
            file = Path(folder) / "lists.parquet"
            grouped.write_parquet(file, row_group_size=1024)
            for workers in (0, 2):
                assert sequences(store.path, workers) == lists(file, workers)
                ours = median(lambda: sequences(store.path, workers), 3)
                theirs = median(lambda: lists(file, workers), 3)
                line(f"an epoch of sequences, {workers} workers", ours, "list Parquet, pyarrow, collate", theirs, "ms")
        store.close()

    head = (
        f"{given.rows:,} rows; Python {platform.python_version()}, {os.cpu_count()} cores, annalsdb {annalsdb.__version__}, "
        f"polars {pl.__version__}, pyarrow {pa.__version__}, lmdb {lmdb.__version__}. Medians of one run.\n\n"
        "| work | annalsdb | against | its time | ratio |\n|---|---|---|---|---|\n"
    )
    if given.output:
        given.output.write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
