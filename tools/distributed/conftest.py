"""What the tests of all engines share: stores, what they hold, and what a query of them gives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import annalsdb
import pytest

SCHEMA = annalsdb.schema(
    EVENT_TYPE="string", EVENT_VALUE="float?", DEVICE="category?", PRICE="double?", IMPRESSION="string?"
)

Row = dict[str, Any]


def event(at: int) -> Row:
    """An event in which every field depends on a number, and is null at times."""
    row: Row = {
        "USER_ID": f"user {at % 97}",
        "ITEM_ID": f"item {at % 31}",
        "TIMESTAMP": 1_700_000_000 + at * 7 % 1000,
        "EVENT_TYPE": ["view", "purchase", "like"][at % 3],
    }
    if at % 4:
        row["EVENT_VALUE"] = at / 4
    if at % 5:
        row["DEVICE"] = ["phone", "tv", "\u00e9\u4e00"][at % 3]
    if at % 2:
        row["PRICE"] = at * 1.1
    if at % 3:
        row["IMPRESSION"] = [f"item {(at + n) % 31}" for n in range(at % 4 + 1)]
    return row


@pytest.fixture
def store(tmp_path: Path) -> Iterator[annalsdb.Store]:
    """Rows that are sealed, and rows that are not; some were deleted."""
    with annalsdb.create(tmp_path / "store", SCHEMA) as store:
        store.write([event(at) for at in range(3000)])
        store.flush()
        store.delete(user="user 3")
        store.write([event(at) for at in range(3000, 3500)])
        yield store


@pytest.fixture
def shards(store: annalsdb.Store, tmp_path: Path) -> Path:
    """A set of three shards with the same rows."""
    schema, rows = tmp_path / "schema.json", tmp_path / "rows.jsonl"
    schema.write_text(store.schema)
    annals("export", store.path, "--output", rows)
    annals("shard", "init", tmp_path / "set", "--schema", schema, "--shards", "3")
    annals("shard", "import", tmp_path / "set", rows)
    return tmp_path / "set"


def annals(*arguments: Any) -> str:
    """Run the tool."""
    line = [os.environ["ANNALS"], *map(str, arguments)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows_of(view: Any, **arguments: Any) -> list[Row]:
    return sorted_rows(row for batch in view.scan(**arguments) for row in batch)


def sorted_rows(rows: Any) -> list[Row]:
    """Rows without their nulls, in an order of their own: engines give them in any."""
    kept = [{name: value for name, value in row.items() if value is not None} for row in rows]
    return sorted(kept, key=lambda row: sorted((name, str(value)) for name, value in row.items()))


def children(process: int) -> list[int]:
    """The processes that a process has begun, and theirs."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text()
            except OSError:
                continue
            if int(status.rpartition(")")[2].split()[1]) == process:
                found += [int(entry.name), *children(int(entry.name))]
    return found


os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
