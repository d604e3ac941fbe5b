"""Training data from annals, DuckDB and polars over the same rows; every answer is compared before it is timed.

    python benches/exports/compare.py [--rows 5000000] [--shape even|shop] [--runs 5] [--results results.md]

DuckDB has the rows in a table of its own that is sorted by user and time, polars in memory in that order. Times are medians
of runs by turns, after one that is not counted, all of them warm and with all cores.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import annalsdb
import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

TYPES = ["view", "click", "cart", "purchase"]
COLUMNS = ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE"]
SHORT = ["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"]
HISTORY = 50
# Examples hold up to fifty values for each row, so they are made of fewer rows.
EXAMPLES_OF = 10
VIEWS = "annals, as views of codes"
LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", dtype=np.uint8)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--shape", choices=["even", "shop"], default="even")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where stores and files go for the time of the run")
    parser.add_argument("--results", type=Path)
    return parser.parse_args()


def names(shape: str, users: int, items: int, random: np.random.Generator) -> tuple[list[str], list[str]]:
    if shape == "even":
        return [f"user{at:07}" for at in range(users)], [f"item{at:06}" for at in range(items)]
    ids = random.bytes(16 * users)
    of_users = [str(uuid.UUID(bytes=ids[at : at + 16], version=4)) for at in range(0, len(ids), 16)]
    letters = LETTERS[random.integers(0, len(LETTERS), (items, 10))]
    return of_users, [bytes(row).decode() for row in letters]


def interactions(rows: int, shape: str) -> pa.Table:
    """Rows of users of 50 interactions on average (`even`) or 10 (`shop`), by user and time. No two of a user's have the same time."""
    random = np.random.default_rng(1)
    users = max(rows // (50 if shape == "even" else 10), 1)
    items = max(rows // (200 if shape == "even" else 8), 1)
    of_users, of_items = names(shape, users, items, random)
    of_users.sort()
    user = np.sort(random.integers(0, users, rows))
    begins = np.concatenate([[True], user[1:] != user[:-1]])
    steps = random.integers(1, 7200, rows)
    total = np.cumsum(steps)
    before = np.maximum.accumulate(np.where(begins, total - steps, 0))
    times = 1_600_000_000 + total - before
    item = np.minimum((random.pareto(1.1, rows) * items / 100).astype(np.int64), items - 1)
    value = random.integers(0, 5000, rows).astype(np.float32) / 100
    none = random.random(rows) < 0.7

    def texts(codes: np.ndarray, values: list[str]) -> pa.Array:
        return pa.array(values, pa.string()).take(pa.array(codes))

    return pa.table(
        {
            "USER_ID": texts(user, of_users),
            "ITEM_ID": texts(item, of_items),
            "TIMESTAMP": times,
            "EVENT_TYPE": texts(random.choice(4, rows, p=[0.7, 0.2, 0.07, 0.03]), TYPES),
            "EVENT_VALUE": pa.array(value, mask=none),
        }
    )


@dataclass
class Held:
    """The same rows in each of them."""

    store: annalsdb.Store
    duck: duckdb.DuckDBPyConnection
    polars: pl.DataFrame

    @classmethod
    def of(cls, table: pa.Table, folder: Path) -> Held:
        folder.mkdir(parents=True)
        schema = annalsdb.schema(EVENT_TYPE="string", EVENT_VALUE="float?")
        store = annalsdb.create(folder / "store", schema, limits="unlimited")
        shuffled = table.take(np.random.default_rng(2).permutation(table.num_rows))
        store.import_arrow(shuffled)
        duck = duckdb.connect(str(folder / "duckdb"))
        duck.execute(f"SET threads = {os.cpu_count()}")
        duck.execute("CREATE TABLE rows AS SELECT * FROM shuffled ORDER BY USER_ID, TIMESTAMP")
        duck.execute("CHECKPOINT")
        return cls(store, duck, pl.DataFrame(table))


def timed(works: dict[str, Callable[[], object]], runs: int) -> dict[str, list[float]]:
    """Seconds of each run, by turns."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for run in range(runs + 1):
        for name, work in works.items():
            start = time.perf_counter()
            made = work()
            taken = time.perf_counter() - start
            del made
            if run > 0:
                times[name].append(taken)
    return times


def same(found: pa.Table, wanted: pa.Table, what: str) -> None:
    """Fails where the two differ in anything but the kind of strings and lists."""
    found = found.select(wanted.column_names).cast(wanted.schema).combine_chunks()
    wanted = wanted.combine_chunks()
    assert found.num_rows == wanted.num_rows, (what, found.num_rows, wanted.num_rows)
    for name in wanted.column_names:
        a, b = found[name], wanted[name]
        if pa.types.is_list(b.type):
            lengths = pc.equal(pc.list_value_length(a), pc.list_value_length(b))
            assert pc.all(lengths).as_py(), f"{what}: lengths of {name}"
            a, b = pc.list_flatten(a), pc.list_flatten(b)
        assert a.equals(b), f"{what}: {name}"


def same_views(found: pa.Table, wanted: pa.Table) -> None:
    """The lists of some rows: no function of pyarrow 26 turns views into lists rightly."""
    for at in np.random.default_rng(3).integers(0, wanted.num_rows, 1000).tolist():
        assert found.slice(at, 1).to_pylist() == wanted.slice(at, 1).to_pylist(), f"views: row {at}"


def plain(table: pa.Table) -> pa.Table:
    """Strings and lists in their usual kinds, and empty lists for those that are null."""

    def kind(of: pa.DataType) -> pa.DataType:
        if pa.types.is_large_list(of) or pa.types.is_list(of):
            return pa.list_(kind(of.value_type))
        if pa.types.is_large_string(of) or pa.types.is_string_view(of) or pa.types.is_dictionary(of):
            return pa.string()
        return of

    fields = [pa.field(field.name, kind(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def sql_of_lists(columns: Iterable[str], how: str) -> str:
    return ", ".join(f"{how.format(name)} AS {name}" for name in columns)


def parquet(held: Held, folder: Path, runs: int) -> tuple[dict[str, list[float]], dict[str, int]]:
    paths = {"annals": folder / "annals.parquet", "DuckDB": folder / "duckdb.parquet"}

    def by_annals() -> None:
        held.store.export(paths["annals"])

    def by_duckdb() -> None:
        held.duck.execute(
            f"COPY (SELECT * FROM rows ORDER BY USER_ID, TIMESTAMP) TO '{paths['DuckDB']}' "
            "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3)"
        )

    works = {"annals": by_annals, "DuckDB": by_duckdb}
    for work in works.values():
        work()
    same(plain(pq.read_table(paths["annals"])), plain(pq.read_table(paths["DuckDB"])), "parquet")
    times = timed(works, runs)
    return times, {name: path.stat().st_size for name, path in paths.items()}


def sequences(held: Held, runs: int) -> dict[str, list[float]]:
    lists = [name for name in SHORT if name != "USER_ID"]

    def by_annals() -> pa.Table:
        return pa.table(held.store.records(layout="sequences", columns=SHORT))

    def by_duckdb() -> pa.Table:
        each = sql_of_lists(lists, "list({} ORDER BY TIMESTAMP)")
        return held.duck.execute(f"SELECT USER_ID, {each} FROM rows GROUP BY USER_ID").to_arrow_table()

    def by_polars() -> pa.Table:
        grouped = held.polars.group_by("USER_ID", maintain_order=True)
        return grouped.agg([pl.col(name) for name in lists]).to_arrow()

    wanted = plain(by_annals())
    same(plain(by_polars()), wanted, "sequences by polars")
    same(plain(by_duckdb()).sort_by("USER_ID"), wanted, "sequences by DuckDB")
    return timed({"annals": by_annals, "DuckDB": by_duckdb, "polars": by_polars}, runs)


def examples(held: Held, runs: int) -> dict[str, list[float]]:
    lists = [name for name in SHORT if name != "USER_ID"]
    columns = [*SHORT, *(f"HISTORY_{name}" for name in lists)]

    def by_annals() -> pa.Table:
        return pa.table(held.store.records(layout="examples", history=HISTORY, columns=SHORT)).select(columns)

    def as_views() -> pa.Table:
        records = held.store.records(layout="examples", history=HISTORY, columns=SHORT, lists="view", strings="dictionary")
        return pa.table(records).select(columns)

    def by_duckdb() -> pa.Table:
        each = ", ".join(f"list({name}) OVER before AS HISTORY_{name}" for name in lists)
        return held.duck.execute(
            f"SELECT {', '.join(SHORT)}, {each} FROM rows WINDOW before AS (PARTITION BY USER_ID ORDER BY TIMESTAMP "
            f"ROWS BETWEEN {HISTORY} PRECEDING AND 1 PRECEDING)"
        ).to_arrow_table()

    def by_polars() -> pa.Table:
        frame = held.polars.select(SHORT).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
        each = [pl.col(name).alias(f"HISTORY_{name}") for name in lists]
        rolled = frame.rolling("row", period=f"{HISTORY}i", closed="left", group_by="USER_ID").agg(each)
        return pl.concat([frame.select(SHORT), rolled.drop("USER_ID", "row")], how="horizontal").to_arrow()

    wanted = plain(by_annals())
    same(plain(by_polars()), wanted, "examples by polars")
    by_user_and_time = [("USER_ID", "ascending"), ("TIMESTAMP", "ascending")]
    of_duckdb = plain(by_duckdb()).sort_by(by_user_and_time)
    for name in columns[len(SHORT) :]:
        # A window without rows gives null.
        at = of_duckdb.column_names.index(name)
        empty = pa.scalar([], of_duckdb[name].type)
        of_duckdb = of_duckdb.set_column(at, name, pc.fill_null(of_duckdb[name], empty))
    same(of_duckdb, wanted, "examples by DuckDB")
    same_views(as_views(), wanted)
    return timed({"annals": by_annals, VIEWS: as_views, "DuckDB": by_duckdb, "polars": by_polars}, runs)


def rows_to_arrow(held: Held, runs: int) -> dict[str, list[float]]:
    def by_export() -> int:
        return sum(len(batch) for batch in held.store.records())

    def by_scan() -> int:
        return sum(len(batch) for batch in held.store.scan(batch_rows=65_536))

    assert by_export() == by_scan() == held.polars.height
    return timed({"annals": by_export, "its own scan": by_scan}, runs)


def line(work: str, rows: int, times: dict[str, list[float]], least: str, aim: str) -> str:
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    ours = medians.pop("annals")
    medians.pop(VIEWS, None)
    best = min(medians, key=medians.__getitem__)
    others = ", ".join(f"{name} {rows / taken / 1e6:,.2f}" for name, taken in medians.items())
    spread = f"{rows / max(times['annals']) / 1e6:,.2f} to {rows / min(times['annals']) / 1e6:,.2f}"
    ratio = medians[best] / ours
    return f"| {work} | {rows:,} | {rows / ours / 1e6:,.2f} ({spread}) | {others} | {ratio:.2f}x | {least} | {aim} |"


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        table = interactions(options.rows, options.shape)
        few = table.slice(0, options.rows // EXAMPLES_OF)
        held = Held.of(table, Path(folder) / "all")
        of_few = Held.of(few, Path(folder) / "few")
        times, bytes_of = parquet(held, Path(folder), options.runs)
        all_rows = table.num_rows
        of_examples = examples(of_few, options.runs)
        as_views = of_examples | {"annals": of_examples[VIEWS]}
        what = f"examples with the {HISTORY} before"
        lines = [
            line("Parquet file of all columns, zstd 3", all_rows, times, "2x", "4x"),
            line("sequences to Arrow", all_rows, sequences(held, options.runs), "10x", "20x"),
            line(what, few.num_rows, of_examples, "10x", "30x"),
            line(f"{what}, as views of codes", few.num_rows, as_views, "10x", "30x"),
            line("rows to Arrow", all_rows, rows_to_arrow(held, options.runs), "0.9x", "1x"),
        ]
        size = bytes_of["DuckDB"] / bytes_of["annals"]
    load = os.getloadavg()[0]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ["duckdb", "polars", "pyarrow"])
    text = "\n".join(
        [
            f"Shape `{options.shape}`, {os.cpu_count()} cores, {platform.platform()}, Python {platform.python_version()}, "
            f"{versions}, annals {annalsdb.__version__}; load at the end {load:.1f}. Millions of rows a second, medians of "
            f"{options.runs} runs.",
            "",
            "| work | rows | annals | others | to the best | at least | aim |",
            "|---|---:|---:|---|---:|---:|---:|",
            *lines,
            "",
            f"The Parquet file of annals has {bytes_of['annals']:,} bytes, that of DuckDB {bytes_of['DuckDB']:,}: {size:.2f}x.",
            "",
        ]
    )
    print(text)
    if options.results:
        options.results.write_text(text)


if __name__ == "__main__":
    main()
