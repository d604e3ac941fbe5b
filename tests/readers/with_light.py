"""pyarrow, pandas, polars and DuckDB: with_light.py FOLDER, which exports.make has filled."""
import os
import sys

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.compute
import pyarrow.ipc
import pyarrow.parquet

import exports
import facts

POLARS = {
    "string": "String", "int32": "Int32", "int64": "Int64", "float32": "Float32", "bool": "Boolean",
    "list<string>": "List(String)", "list<int64>": "List(Int64)", "list<float32>": "List(Float32)",
}
DUCKDB = {
    "string": "VARCHAR", "int32": "INTEGER", "int64": "BIGINT", "float32": "FLOAT", "bool": "BOOLEAN",
    "list<string>": "VARCHAR[]", "list<int64>": "BIGINT[]", "list<float32>": "FLOAT[]",
}


def arrow_table(path):
    if path.endswith(".parquet"):
        return pyarrow.parquet.read_table(path)
    with open(path, "rb") as file:
        return (pyarrow.ipc.open_file if path.endswith(".arrow") else pyarrow.ipc.open_stream)(file).read_all()


def arrow_type(kind):
    """The name that a manifest has for a type of pyarrow: of strings, whatever holds them, string."""
    if pyarrow.types.is_list(kind):
        return f"list<{arrow_type(kind.value_type)}>"
    if pyarrow.types.is_dictionary(kind):
        return arrow_type(kind.value_type)
    return {"string_view": "string", "float": "float32"}.get(str(kind), str(kind))


def with_pyarrow(path, want, kinds):
    table = arrow_table(path)
    found = {name: arrow_type(table.schema.field(name).type) for name in table.column_names}
    facts.compare_types(f"pyarrow, {path}", found, kinds, {kind: kind for kind in kinds.values()})
    facts.compare(f"pyarrow, {path}", table.to_pydict(), want)


def with_pandas(path, want, kinds):
    if path.endswith(".arrows"):
        return
    read = pandas.read_parquet if path.endswith(".parquet") else pandas.read_feather
    if "-view." in path and any(kind == "list<string>" for kind in kinds.values()):
        return facts.refused(f"pandas, {path}", "list to pandas: string_view", lambda: read(path))
    frame = read(path)
    facts.compare(f"pandas, {path}", {name: list(frame[name]) for name in frame.columns}, want)
    if "-plain." in path:
        assert pandas.api.types.is_string_dtype(frame["USER_ID"]), frame.dtypes


def with_polars(path, want, kinds):
    strings = "-dictionary." not in path
    reads = {
        ".parquet": [polars.read_parquet, lambda path: polars.scan_parquet(path).collect()],
        ".arrow": [polars.read_ipc, lambda path: polars.scan_ipc(path).collect()],
        ".arrows": [polars.read_ipc_stream],
    }
    for read in reads[os.path.splitext(path)[1]]:
        frame = read(path)
        if strings:
            found = {name: str(kind) for name, kind in frame.schema.items()}
            facts.compare_types(f"polars, {path}", found, kinds, POLARS)
        facts.compare(f"polars, {path}", frame.to_dict(as_series=False), want)


def with_duckdb(path, want, kinds):
    table = None if path.endswith(".parquet") else arrow_table(path)
    relation = duckdb.read_parquet(path) if table is None else duckdb.from_arrow(table)
    found = dict(zip(relation.columns, map(str, relation.types)))
    facts.compare_types(f"DuckDB, {path}", found, kinds, DUCKDB)
    columns = [list(column) for column in zip(*relation.fetchall())]
    facts.compare(f"DuckDB, {path}", dict(zip(relation.columns, columns)), want)


def aggregates(want):
    """By each library's own means, over rows."""
    table, frame = arrow_table("rows-plain.parquet"), pandas.read_parquet("rows-plain.parquet")
    compute = pyarrow.compute
    facts.compare_values("pyarrow, aggregates", {
        "rows": table.num_rows,
        "users": compute.count_distinct(table["USER_ID"]).as_py(),
        "times": compute.sum(table["TIMESTAMP"]).as_py(),
        "views": compute.sum(compute.equal(table["EVENT_TYPE"], "view")).as_py(),
        "devices": compute.count(table["DEVICE"]).as_py(),
        "shown": compute.sum(compute.list_value_length(table["IMPRESSION"])).as_py(),
    }, want)
    facts.compare_values("pandas, aggregates", {
        "rows": len(frame),
        "users": frame.USER_ID.nunique(),
        "times": frame.TIMESTAMP.sum(),
        "views": (frame.EVENT_TYPE == "view").sum(),
        "devices": frame.DEVICE.count(),
        "shown": frame.IMPRESSION.dropna().map(len).sum(),
    }, want)
    lazy = polars.scan_parquet("rows-plain.parquet").set_sorted("USER_ID").select(
        rows=polars.len(), users=polars.col("USER_ID").n_unique(), times=polars.col("TIMESTAMP").sum(),
        views=(polars.col("EVENT_TYPE") == "view").sum(), devices=polars.col("DEVICE").count(),
        shown=polars.col("IMPRESSION").list.len().sum(),
    )
    facts.compare_values("polars, aggregates", lazy.collect().to_dicts()[0], want)
    counted = duckdb.sql(
        "SELECT count(*) AS rows, count(DISTINCT USER_ID) AS users, sum(TIMESTAMP)::BIGINT AS times, "
        "count(*) FILTER (EVENT_TYPE = 'view') AS views, count(DEVICE) AS devices, sum(len(IMPRESSION))::BIGINT AS shown "
        "FROM 'rows-plain.parquet'"
    )
    facts.compare_values("DuckDB, aggregates", dict(zip(counted.columns, counted.fetchall()[0])), want)
    print("aggregates of pyarrow, pandas, polars and DuckDB: equal")


def folders():
    for name in exports.FOLDERS:
        depth = "*" if name != "split" else "test"
        want, _ = facts.of_csv(f"{name}-csv/{depth}/*.csv", f"{name}-csv/manifest.json")
        pattern = f"{name}-parquet/{depth}/*.parquet"
        relation = duckdb.read_parquet(pattern, hive_partitioning=False)
        columns = dict(zip(relation.columns, map(list, zip(*relation.fetchall()))))
        facts.compare(f"DuckDB, {pattern}", columns, want, ordered=False)
        frame = polars.read_parquet(pattern, hive_partitioning=False)
        facts.compare(f"polars, {pattern}", frame.to_dict(as_series=False), want, ordered=False)
        if name != "split":
            table = pyarrow.parquet.read_table(f"{name}-parquet", ignore_prefixes=["manifest.json"])
            part = "shard" if name == "shards" else "month"
            parts = set(table[part].to_pylist())
            assert parts == set(duckdb.sql(f"SELECT DISTINCT {part} FROM '{pattern}'").fetchnumpy()[part]), parts
            facts.compare(f"pyarrow, {name}-parquet", table.drop_columns([part]).to_pydict(), want, ordered=False)


def main():
    os.chdir(sys.argv[1])
    for layout in exports.LAYOUTS:
        want, kinds = facts.of_layout(layout)
        for form, strings in exports.FILES:
            path = f"{layout}-{strings}.{form}"
            with_pyarrow(path, want, kinds)
            with_pandas(path, want, kinds)
            with_polars(path, want, kinds)
            with_duckdb(path, want, kinds)
    aggregates(facts.aggregates(facts.of_layout("rows")[0]))
    folders()


if __name__ == "__main__":
    main()
