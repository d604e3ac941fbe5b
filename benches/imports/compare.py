"""Files to a store by `annals import`, and to a sorted table by DuckDB: CSV, gzip, zstd and Parquet of the same rows.

    python3 benches/imports/compare.py --annals target/release/annals [--rows 5000000] [--runs 3] [--folder DIR]

Needs duckdb 2.0.1. Each run makes a new store, and a new database by CREATE TABLE AS ... ORDER BY user and time, each in a process of
its own with all cores; both end with everything on disk. Runs go by turns, medians count; rows are counted and items summed up after.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

BY_DUCKDB = """
import sys, duckdb
database, source = sys.argv[1:]
connection = duckdb.connect(database)
reads = "read_parquet" if source.endswith("parquet") else "read_csv"
types = ("{'USER_ID': 'VARCHAR', 'ITEM_ID': 'VARCHAR', 'TIMESTAMP': 'BIGINT', 'EVENT_TYPE': 'VARCHAR', 'EVENT_VALUE': 'FLOAT', "
         "'LOCATION': 'VARCHAR', 'DEVICE': 'VARCHAR', 'IMPRESSION': 'VARCHAR'}")
more = "" if reads == "read_parquet" else f", header = true, columns = {types}"
connection.execute(f"CREATE TABLE rows AS SELECT * FROM {reads}('{source}'{more}) ORDER BY USER_ID, TIMESTAMP")
connection.execute("CHECKPOINT")
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annals", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    return parser.parse_args()


def main() -> None:
    options = arguments()
    annals = str(options.annals.resolve())
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)

        def tool(*words: str) -> None:
            subprocess.run([annals, "-q", *words], check=True, cwd=folder, stdout=subprocess.DEVNULL)

        tool("generate", "--rows", str(options.rows), "--schema-out", "schema.json", "--output", "rows.csv")
        subprocess.run(["gzip", "-k", "-6", "rows.csv"], check=True, cwd=folder)
        subprocess.run([sys.executable, "-c", BY_DUCKDB.split("connection.execute(f\"CREATE")[0] + f"""
connection.execute(f"COPY (SELECT * FROM {{reads}}('{{source}}'{{more}})) TO 'rows.parquet' (COMPRESSION zstd)")
connection.execute("COPY (SELECT * FROM 'rows.parquet') TO 'rows.csv.zst' (FORMAT csv, HEADER, COMPRESSION zstd)")
""", "made.duckdb", "rows.csv"], check=True, cwd=folder)  # fmt: skip
        print(f"{options.rows:,} rows, DuckDB {duckdb.__version__}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        print("| file | MB | annals, rows/s | DuckDB, rows/s | ratio |\n|---|---:|---:|---:|---:|")
        for source in ("rows.csv", "rows.csv.gz", "rows.csv.zst", "rows.parquet"):
            times: dict[str, list[float]] = {"annals": [], "DuckDB": []}
            for _ in range(options.runs):
                tool("init", "store", "--schema", "schema.json")
                begun = time.perf_counter()
                tool("import", "store", source)
                times["annals"].append(time.perf_counter() - begun)
                begun = time.perf_counter()
                subprocess.run([sys.executable, "-c", BY_DUCKDB, "rows.duckdb", source], check=True, cwd=folder)
                times["DuckDB"].append(time.perf_counter() - begun)
                with duckdb.connect(str(folder / "rows.duckdb")) as connection:
                    found = connection.execute("SELECT count(*) FROM rows").fetchone()
                stats = subprocess.run([annals, "stats", "store", "--format", "json"], check=True, cwd=folder, capture_output=True)
                assert found == (options.rows,) and f'"rows": {options.rows}'.encode() in stats.stdout
                shutil.rmtree(folder / "store")
                (folder / "rows.duckdb").unlink()
            ours, theirs = (statistics.median(times[of]) for of in ("annals", "DuckDB"))
            size = (folder / source).stat().st_size / 1e6
            print(f"| {source} | {size:,.0f} | {options.rows / ours:,.0f} | {options.rows / theirs:,.0f} | {theirs / ours:.2f}x |")


if __name__ == "__main__":
    main()
