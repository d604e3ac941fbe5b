"""Daft: with_daft.py FOLDER, which exports.make has filled."""
import os
import sys

import daft
import pyarrow.ipc

import exports
import facts

TYPES = {
    "string": "String", "int32": "Int32", "int64": "Int64", "float32": "Float32", "bool": "Bool",
    "list<string>": "List[String]", "list<int64>": "List[Int64]", "list<float32>": "List[Float32]",
}


def read(path):
    """A Parquet file by Daft itself, Arrow data by way of pyarrow."""
    if path.endswith(".parquet"):
        return daft.read_parquet(path)
    with open(path, "rb") as file:
        table = (pyarrow.ipc.open_file if path.endswith(".arrow") else pyarrow.ipc.open_stream)(file).read_all()
    return daft.from_arrow(table)


def compare(path, want, kinds, ordered=True):
    frame = read(path)
    found = {field.name: str(field.dtype) for field in frame.schema()}
    # From Arrow it makes Python objects of strings that are not plain; from Parquet it has types of its own.
    objects = not path.endswith(".parquet") and "-plain." not in path
    strings = {kind: "Python" for kind in ("string", "list<string>")} if objects else {}
    if "-dictionary." in path and "NEGATIVES" in kinds:
        # The export has plain strings there.
        assert found.pop("NEGATIVES") == "List[String]"
        kinds = {name: kind for name, kind in kinds.items() if name != "NEGATIVES"}
    facts.compare_types(f"Daft, {path}", found, kinds, {**TYPES, **strings})
    facts.compare(f"Daft, {path}", frame.to_pydict(), want, ordered)


def main():
    os.chdir(sys.argv[1])
    print("daft", daft.__version__)
    for layout in exports.LAYOUTS:
        want, kinds = facts.of_layout(layout)
        for form, strings in exports.FILES:
            path = f"{layout}-{strings}.{form}"
            # Daft refuses Parquet of views.
            if (strings, form) != ("view", "parquet"):
                compare(path, want, kinds)
    column = daft.col
    counted = daft.read_parquet("rows-plain.parquet").agg(
        column("USER_ID").count("all").alias("rows"),
        column("USER_ID").count_distinct().alias("users"),
        column("TIMESTAMP").sum().alias("times"),
        (column("EVENT_TYPE") == "view").cast(daft.DataType.int64()).sum().alias("views"),
        column("DEVICE").count().alias("devices"),
        column("IMPRESSION").list_count().sum().alias("shown"),
    )
    found = {name: values[0] for name, values in counted.to_pydict().items()}
    facts.compare_values("Daft, aggregates", found, facts.aggregates(facts.of_layout("rows")[0]))
    for name in exports.FOLDERS:
        depth = "*" if name != "split" else "test"
        want, kinds = facts.of_csv(f"{name}-csv/{depth}/*.csv", f"{name}-csv/manifest.json")
        compare(f"{name}-parquet/{depth}/*.parquet", want, kinds, ordered=False)


if __name__ == "__main__":
    main()
