"""The examples of docs/distributed.md run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import annalsdb
import pytest
import ray
import spark_cluster

PAGE = Path(__file__).resolve().parents[2] / "docs" / "distributed.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)


@pytest.mark.parametrize("at", range(len(BLOCKS)))
def test_the_page(at: int, tmp_path: Path) -> None:
    names: dict[str, Any] = {"__name__": "example", "annalsdb": annalsdb}
    if "spark" in BLOCKS[at]:
        missing = spark_cluster.find_java()
        if missing is not None:
            pytest.skip(missing)
        names["spark"] = spark_cluster.session("local[2]")
    with annalsdb.create(tmp_path / "store", annalsdb.schema(EVENT_TYPE="string")) as store:
        store.write(
            [
                {"USER_ID": user, "ITEM_ID": item, "TIMESTAMP": 1_700_000_000 + at, "EVENT_TYPE": "view"}
                for at, (user, item) in enumerate([("ada", "tea"), ("ada", "cake"), ("ben", "tea"), ("cy", "jam")])
            ]
        )
        exec(compile(BLOCKS[at], "<example>", "exec"), {**names, "store": store})
    # Ray began by itself; Daft would use it from here on.
    ray.shutdown()
