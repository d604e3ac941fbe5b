#!/usr/bin/env python3
"""Reads exports with the libraries that training uses, and compares with the CSV of the same rows.

    python3 tests/readers.py target/release/annals

Installs pinned versions in a temporary environment. Each Parquet and Arrow file must have the counts, nulls, types, sums and
lists that the CSV has.
"""
import csv
import json
import os
import subprocess
import sys
import tempfile

PACKAGES = ["pandas==3.1.1", "pyarrow==26.0.1", "polars==2.1.0", "duckdb==2.0.1"]
ROWS = 20_000


def run(*line, **more):
    return subprocess.run([str(part) for part in line], check=True, text=True, capture_output=True, **more).stdout


def expected(path):
    """Counts, nulls and sums of a CSV file, by the standard library alone."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    facts = {"rows": len(rows), "users": len({row["USER_ID"] for row in rows})}
    facts["times"] = sum(int(row["TIMESTAMP"]) for row in rows)
    for name in rows[0]:
        facts[f"nulls of {name}"] = sum(row[name] == "" for row in rows)
    facts["first"] = [rows[0]["USER_ID"], rows[0]["ITEM_ID"], int(rows[0]["TIMESTAMP"])]
    lists = [row["IMPRESSION"].split("|") for row in rows if row.get("IMPRESSION")]
    facts["shown"] = sum(map(len, lists))
    return facts


def of_table(table):
    """The same of an Arrow table."""
    import pyarrow.compute as pc

    facts = {"rows": table.num_rows, "users": pc.count_distinct(table["USER_ID"]).as_py()}
    facts["times"] = pc.sum(table["TIMESTAMP"]).as_py()
    for name in table.column_names:
        facts[f"nulls of {name}"] = table[name].null_count
    facts["first"] = [table[name][0].as_py() for name in ("USER_ID", "ITEM_ID", "TIMESTAMP")]
    shown = 0
    if "IMPRESSION" in table.column_names:
        shown = pc.sum(pc.list_value_length(table["IMPRESSION"])).as_py() or 0
    facts["shown"] = shown
    return facts


def of_pandas(frame):
    import pandas

    facts = {"rows": len(frame), "users": frame["USER_ID"].nunique(), "times": int(frame["TIMESTAMP"].sum())}
    for name in frame.columns:
        facts[f"nulls of {name}"] = int(frame[name].isna().sum())
    facts["first"] = [frame["USER_ID"].iloc[0], frame["ITEM_ID"].iloc[0], int(frame["TIMESTAMP"].iloc[0])]
    lists = frame["IMPRESSION"].dropna() if "IMPRESSION" in frame else []
    facts["shown"] = sum(len(items) for items in lists)
    assert pandas.api.types.is_string_dtype(frame["USER_ID"])
    return facts


def of_polars(frame):
    facts = {"rows": frame.height, "users": frame["USER_ID"].n_unique(), "times": frame["TIMESTAMP"].sum()}
    for name in frame.columns:
        facts[f"nulls of {name}"] = frame[name].null_count()
    facts["first"] = [frame["USER_ID"][0], frame["ITEM_ID"][0], frame["TIMESTAMP"][0]]
    shown = 0
    if "IMPRESSION" in frame.columns:
        shown = int(frame["IMPRESSION"].list.len().sum() or 0)
    facts["shown"] = shown
    return facts


def compare(what, found, want):
    different = {key: (found.get(key), want[key]) for key in want if found.get(key) != want[key]}
    if different:
        sys.exit(f"{what}: found and expected differ: {different}")
    print(f"{what}: equal")


def check(tool, folder):
    import duckdb
    import pandas
    import polars
    import pyarrow.ipc
    import pyarrow.parquet

    os.chdir(folder)
    run(tool, "generate", "--rows", ROWS, "--schema-out", "schema.json", "--output", "rows.csv")
    run(tool, "init", "store", "--schema", "schema.json")
    run(tool, "import", "store", "rows.csv")
    for form in ("csv", "parquet", "arrow", "arrows"):
        run(tool, "export", "store", "--output", f"out.{form}")
    want = expected("out.csv")
    compare("pyarrow, Parquet", of_table(pyarrow.parquet.read_table("out.parquet")), want)
    compare("pyarrow, Arrow file", of_table(pyarrow.ipc.open_file("out.arrow").read_all()), want)
    compare("pyarrow, Arrow stream", of_table(pyarrow.ipc.open_stream("out.arrows").read_all()), want)
    compare("pandas, Parquet", of_pandas(pandas.read_parquet("out.parquet")), want)
    compare("pandas, Arrow file", of_pandas(pandas.read_feather("out.arrow")), want)
    compare("polars, Parquet", of_polars(polars.read_parquet("out.parquet")), want)
    compare("polars, scan", of_polars(polars.scan_parquet("out.parquet").collect()), want)
    compare("polars, Arrow file", of_polars(polars.read_ipc("out.arrow")), want)
    compare("polars, Arrow stream", of_polars(polars.read_ipc_stream("out.arrows")), want)
    columns = [f"count(*) - count({name}) AS \"nulls of {name}\"" for name in csv.DictReader(open("out.csv")).fieldnames]
    shown = "sum(len(IMPRESSION))" if "IMPRESSION" in open("out.csv").readline() else "0"
    sql = (
        f"SELECT count(*) AS rows, count(DISTINCT USER_ID) AS users, sum(TIMESTAMP)::BIGINT AS times, {', '.join(columns)}, "
        f"coalesce({shown}, 0)::BIGINT AS shown FROM 'out.parquet'"
    )
    cursor = duckdb.sql(sql)
    found = dict(zip(cursor.columns, cursor.fetchall()[0]))
    first = duckdb.sql("SELECT USER_ID, ITEM_ID, TIMESTAMP FROM 'out.parquet' LIMIT 1").fetchall()[0]
    compare("DuckDB, Parquet", {**found, "first": list(first)}, want)

    # Each layout, and folders.
    run(tool, "export", "store", "--output", "sequences.parquet", "--layout", "sequences")
    table = pyarrow.parquet.read_table("sequences.parquet")
    lengths = pyarrow.compute.list_value_length(table["ITEM_ID"])
    assert table.num_rows == want["users"] and pyarrow.compute.sum(lengths).as_py() == want["rows"]
    assert str(table.schema.field("TIMESTAMP").type) == "list<item: int64 not null>", table.schema
    frame = polars.read_parquet("sequences.parquet")
    assert frame["TIMESTAMP"].list.sum().sum() == want["times"]
    print("sequences: equal")
    run(tool, "export", "store", "--output", "examples.parquet", "--layout", "examples", "--history", 5, "--negatives", 3)
    frame = pandas.read_parquet("examples.parquet")
    assert len(frame) == want["rows"] and frame["HISTORY_ITEM_ID"].map(len).max() <= 5
    assert all((times < at).all() for times, at in zip(frame["HISTORY_TIMESTAMP"], frame["TIMESTAMP"]))
    print("examples: equal, and no history holds what came later")
    run(tool, "export", "store", "--output", "shards", "--partition-by", "user-hash:4", "--format", "parquet")
    for count in (
        duckdb.sql("SELECT count(*) FROM read_parquet('shards/*/*.parquet', hive_partitioning=true)").fetchall()[0][0],
        polars.scan_parquet("shards/**/*.parquet", hive_partitioning=True).collect().height,
        pyarrow.parquet.read_table("shards", ignore_prefixes=["manifest.json"]).num_rows,
    ):
        assert count == want["rows"], count
    print("partitions: equal")
    manifest = json.load(open("out.parquet.manifest.json"))
    types = {column["name"]: column["type"] for column in manifest["columns"]}
    assert types["USER_ID"] == "string" and types["TIMESTAMP"] == "int64", types


def main():
    tool = os.path.abspath(sys.argv[1])
    if len(sys.argv) == 3:
        return check(tool, sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        python = os.path.join(folder, "venv", "bin", "python")
        run(sys.executable, "-m", "venv", os.path.join(folder, "venv"))
        run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES)
        data = os.path.join(folder, "data")
        os.mkdir(data)
        subprocess.run([python, os.path.abspath(__file__), tool, data], check=True)


if __name__ == "__main__":
    main()
