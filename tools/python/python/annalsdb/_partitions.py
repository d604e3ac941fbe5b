"""Partitions of a pinned snapshot, read in whatever process has them."""

from __future__ import annotations

import os
from collections import OrderedDict
from threading import Lock
from typing import Any, Mapping

from ._annalsdb import Scan, Store, open_partition

_KEPT = 4
"""Pins that a process keeps open: opening one reads the rows that were not sealed, which partitions share."""

_opened: OrderedDict[tuple[int, str, str, int], Store] = OrderedDict()
_lock = Lock()

Users = tuple[str | None, str | None]


def scan_partition(partition: Mapping[str, Any], *, users: Users | None = None, **arguments: Any) -> Scan:
    """Read the rows of a partition, one of ``annalsdb.partitions``, in any process that sees its folder.

    The arguments are those of ``Store.scan``; other users than the partition's are left out. Cost: that of the range of
    users; a process keeps the four pins open that it read last, and their files with them.

    Raises:
        NotFoundError: when the pin is gone, and is not open here: it was released, it expired, or its shard was split
            or merged.

    >>> import annalsdb
    >>> parts = annalsdb.partitions(store.path, 2)
    >>> store.delete(user="ada")
    2
    >>> sorted(row["USER_ID"] for part in parts for rows in annalsdb.scan_partition(part) for row in rows)
    ['ada', 'ada', 'ben']
    """
    return pinned(partition).scan(users=within(own_users(partition), users), **arguments)


def own_users(partition: Mapping[str, Any]) -> Users:
    """The bounds of a partition's users."""
    return partition["users"].get("from"), partition["users"].get("to")


def within(one: Users, other: Users | None) -> Users:
    """The users that are in both ranges, in the order of their UTF-8 bytes."""
    if other is None:
        return one
    starts = [start for start in (one[0], other[0]) if start is not None]
    ends = [end for end in (one[1], other[1]) if end is not None]
    return max(starts, key=_utf8, default=None), min(ends, key=_utf8, default=None)


def pinned(partition: Mapping[str, Any]) -> Store:
    """The store that a partition is of, open for reading."""
    snapshot = partition["snapshot"]
    # A handle is of no use in a process that was forked.
    key = (os.getpid(), str(partition["path"]), snapshot["pin"], snapshot["sequence"])
    with _lock:
        store = _opened.get(key)
        if store is None:
            store = open_partition(partition)
            _opened[key] = store
            while len(_opened) > _KEPT:
                # Scans that go on hold what they read.
                _opened.popitem(last=False)
        _opened.move_to_end(key)
        return store


def _utf8(text: str) -> bytes:
    return text.encode()
