from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import annalsdb
import pytest

SCHEMA = annalsdb.schema(
    EVENT_TYPE="string", EVENT_VALUE="float?", DEVICE="category?", IMPRESSION="string?"
)


def event(user: str, item: str, time: int, kind: str = "view", **others: Any) -> dict[str, Any]:
    return {"USER_ID": user, "ITEM_ID": item, "TIMESTAMP": time, "EVENT_TYPE": kind, **others}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Iterator[annalsdb.Store]:
    with annalsdb.create(folder, SCHEMA) as store:
        yield store


@pytest.fixture
def filled(store: annalsdb.Store) -> annalsdb.Store:
    """Three users, sealed and not, with every kind of field."""
    store.write(
        [
            event("ada", "tea", 100, DEVICE="phone", IMPRESSION=["tea", "cake"]),
            event("ada", "cake", 200, EVENT_VALUE=2.5),
            event("ben", "tea", 150, "purchase"),
        ]
    )
    store.flush()
    store.write([event("ada", "tea", 300, "purchase"), event("cy", "jam", 50)])
    return store
