"""A million calls, and memory stays as it is."""

from __future__ import annotations

import os
from pathlib import Path

import annalsdb

CALLS = int(os.environ.get("ANNALSDB_LEAK_CALLS", "1000000"))
MOST_BYTES = 16 << 20


def resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_a_million_calls_leave_memory_flat(filled: annalsdb.Store) -> None:
    candidates = ["tea", "jam", "pie"]

    def calls(count: int) -> None:
        for _ in range(count // 10):
            rows = filled.history("ada", limit=2)
            rows.__arrow_c_stream__()
            rows.__arrow_c_schema__()
            rows.to_dicts()
            memoryview(filled.unseen("ada", candidates)).release()
            filled.histories(["ada", "ben"]).to_list("HISTORY")
            next(iter(filled.scan()))
            filled.snapshot().sequence
            try:
                filled.history("ada", columns=["COLOR"])
            except annalsdb.InvalidInputError:
                pass

    calls(CALLS // 20)
    before = resident()
    calls(CALLS)
    assert resident() - before < MOST_BYTES
