"""Runs the queries of ./queries by annals-sql and by DuckDB, compares the answers, and writes a table of times.

DuckDB has the rows in a table of its own that is sorted by (user_id, timestamp); both have the same number of
threads, and a warm page cache. The time of a query is that of the statement within an open session: the median
of several runs.
"""

import argparse
import csv
import io
import math
import os
import re
import statistics
import subprocess
import time
from pathlib import Path

import duckdb

# What makes use of the order of users and time.
ORDERED = {"02_sessions", "03_funnel", "09_newest_per_user", "11_sliding_counts"}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annals-sql", required=True, type=Path)
    parser.add_argument("--folder", required=True, type=Path, help="with interactions.csv and store")
    parser.add_argument("--rows", required=True, type=int)
    parser.add_argument("--runs", default=5, type=int)
    parser.add_argument("--results", required=True, type=Path)
    return parser.parse_args()


def database(folder: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """The rows as a table of DuckDB, made once."""
    file = folder / "interactions.duckdb"
    connection = duckdb.connect(str(file))
    connection.execute(f"SET threads = {threads}")
    made = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'interactions'").fetchone()
    if made == (0,):
        types = {
            "USER_ID": "VARCHAR", "ITEM_ID": "VARCHAR", "TIMESTAMP": "BIGINT", "EVENT_TYPE": "VARCHAR",
            "EVENT_VALUE": "FLOAT", "LOCATION": "VARCHAR", "DEVICE": "VARCHAR", "IMPRESSION": "VARCHAR",
        }  # fmt: skip
        connection.execute(
            "CREATE TABLE interactions AS SELECT USER_ID AS user_id, ITEM_ID AS item_id, TIMESTAMP AS timestamp, "
            "EVENT_TYPE AS event_type, EVENT_VALUE AS event_value, LOCATION AS location, DEVICE AS device, "
            "string_split(IMPRESSION, '|') AS impression "
            f"FROM read_csv('{folder / 'interactions.csv'}', header = true, columns = {types}) "
            "ORDER BY user_id, timestamp"
        )
        connection.execute("CHECKPOINT")
    return connection


def by_duckdb(connection: duckdb.DuckDBPyConnection, sql: str, runs: int) -> tuple[list[list[str]], float]:
    times = []
    rows: list[tuple] = []
    for _ in range(runs):
        start = time.perf_counter()
        rows = connection.execute(sql).fetchall()
        times.append(time.perf_counter() - start)
    return [["" if value is None else str(value) for value in row] for row in rows], statistics.median(times)


def by_annals(tool: Path, store: Path, sql: str, runs: int, threads: int) -> tuple[list[list[str]], float]:
    statements = ";\n".join([sql] * runs)
    command = [str(tool), str(store), "--format", "csv", "--timing", "--threads", str(threads)]
    done = subprocess.run(command, input=statements, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"annals-sql ended with {done.returncode}: {done.stderr}\n{sql}")
    times = [float(seconds) for seconds in re.findall(r" in ([0-9.]+) s$", done.stderr, re.MULTILINE)]
    if len(times) != runs:
        raise SystemExit(f"{len(times)} times of {runs} runs: {done.stderr}")
    lines = list(csv.reader(io.StringIO(done.stdout)))
    answers = [lines[place : place + len(lines) // runs] for place in range(0, len(lines), len(lines) // runs)]
    if any(answer != answers[0] for answer in answers):
        raise SystemExit(f"the runs differ: {sql}")
    return answers[0][1:], statistics.median(times)


def versions(tool: Path, store: Path) -> str:
    """Those of annals-sql and of its query engine, as they tell them."""
    asked = [str(tool), str(store), "SELECT version()", "--format", "csv"]
    engine = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()[1]
    ours = subprocess.run([str(tool), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{ours} ({engine.strip(chr(34))}), DuckDB {duckdb.__version__}"


def main() -> None:
    asked = arguments()
    threads = len(os.sched_getaffinity(0))
    connection = database(asked.folder, threads)
    table = [
        f"{versions(asked.annals_sql, asked.folder / 'store')}. {asked.rows:,} rows, {threads} threads, medians of "
        f"{asked.runs} runs, in ms; both were given the rows in one run of `make sqlbench ROWS={asked.rows}`, and gave the "
        "same answers. Queries with a star use the order of users and time.",
        "",
        "| query | annals-sql | DuckDB | DuckDB / annals-sql |",
        "|---|---:|---:|---:|",
    ]
    factors: dict[str, float] = {}
    for file in sorted(Path("queries").glob("*.sql")):
        sql, name = file.read_text(), file.stem
        found, ours = by_annals(asked.annals_sql, asked.folder / "store", sql, asked.runs, threads)
        expected, theirs = by_duckdb(connection, sql, asked.runs)
        if found != expected:
            raise SystemExit(f"{name}: the answers differ\nannals: {found[:5]}\nDuckDB: {expected[:5]}")
        factors[name] = theirs / max(ours, 1e-3)
        star = "*" if name in ORDERED else ""
        table.append(f"| {name}{star} | {ours * 1e3:.0f} | {theirs * 1e3:.0f} | {factors[name]:.2f} |")
        print(table[-1], flush=True)
    for title, names in [("all", set(factors)), ("those with a star", ORDERED)]:
        mean = math.exp(statistics.fmean(math.log(factors[name]) for name in names))
        table.append(f"| geometric mean, {title} | | | {mean:.2f} |")
    asked.results.write_text("\n".join(table) + "\n")
    print("\n".join(table[-2:]))


if __name__ == "__main__":
    main()
