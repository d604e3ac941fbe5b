"""Hugging Face datasets: with_datasets.py FOLDER, which exports.make has filled."""
import os
import sys

import datasets

import exports
import facts

TYPES = {
    "string": "string", "int32": "int32", "int64": "int64", "float32": "float32", "bool": "bool",
    "list<string>": "list<string>", "list<int64>": "list<int64>", "list<float32>": "list<float32>",
}


def type_name(feature):
    """The name that a manifest has for the type of a feature."""
    if isinstance(feature, datasets.List):
        return f"list<{type_name(feature.feature)}>"
    return {"string_view": "string"}.get(feature.dtype, feature.dtype)


def read(files, builder="parquet"):
    return datasets.load_dataset(builder, data_files=files, cache_dir="cache")


def compare(what, data, want, kinds, ordered=True):
    facts.compare_types(what, {name: type_name(kind) for name, kind in data.features.items()}, kinds, TYPES)
    facts.compare(what, data.with_format("arrow")[:].to_pydict(), want, ordered)


def main():
    os.chdir(sys.argv[1])
    datasets.disable_progress_bars()
    print("datasets", datasets.__version__)
    for layout in exports.LAYOUTS:
        want, kinds = facts.of_layout(layout)
        for form, strings in exports.FILES:
            path = f"{layout}-{strings}.{form}"
            data = read(path, "parquet" if form == "parquet" else "arrow")["train"]
            compare(f"datasets, {path}", data, want, kinds)
        streamed = list(datasets.load_dataset("parquet", data_files=f"{layout}-plain.parquet", streaming=True)["train"])
        columns = {name: [row[name] for row in streamed] for name in want}
        facts.compare(f"datasets, {layout}-plain.parquet, streaming", columns, want)
    for name in exports.FOLDERS:
        parts = sorted(os.listdir(f"{name}-parquet")) if name == "split" else ["*"]
        parts = [part for part in parts if not part.endswith(".json")]
        data = read({"rows" if part == "*" else part: f"{name}-parquet/{part}/*.parquet" for part in parts})
        for part in parts:
            want, kinds = facts.of_csv(f"{name}-csv/{part}/*.csv", f"{name}-csv/manifest.json")
            found = data["rows" if part == "*" else part]
            compare(f"datasets, {name}-parquet/{part}", found, want, kinds, ordered=False)


if __name__ == "__main__":
    main()
