#!/usr/bin/env bash
# Parquet files of which the later ones have a column more, as after a new version of an app, were taken to load in any
# order, or in none. Hugging Face datasets takes the columns of the first file: with the wider one first the other is
# filled with null; with the narrower one first the load fails. from_list looks at the first row alone: a field that
# only later rows have is dropped without a word.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1

cat > order.py <<'PY'
import warnings

import datasets
import pyarrow
import pyarrow.parquet

warnings.simplefilter("ignore")
datasets.disable_progress_bars()
datasets.logging.set_verbosity(datasets.logging.CRITICAL)
pyarrow.parquet.write_table(pyarrow.table({"user": ["ann"]}), "old.parquet")
pyarrow.parquet.write_table(pyarrow.table({"user": ["bob"], "device": ["tv"]}), "new.parquet")


def loaded(*files):
    try:
        return datasets.load_dataset("parquet", data_files=list(files), cache_dir="cache")["train"].to_list()
    except Exception as error:
        return type(error).__name__


print("datasets", datasets.__version__, "pyarrow", pyarrow.__version__)
found = {
    "the narrower file first": loaded("old.parquet", "new.parquet"),
    "the wider file first": loaded("new.parquet", "old.parquet"),
    "from_list, the narrower row first": datasets.Dataset.from_list(
        [{"user": "ann"}, {"user": "bob", "device": "tv"}]
    ).to_list(),
}
for order, rows in found.items():
    print(f"{order}: {rows}")
assert found == {
    "the narrower file first": "DatasetGenerationError",
    "the wider file first": [{"user": "bob", "device": "tv"}, {"user": "ann", "device": None}],
    "from_list, the narrower row first": [{"user": "ann"}, {"user": "bob"}],
}, "this has changed"
PY
HF_HOME="$work/hub" HF_HUB_OFFLINE=1 venv/bin/python order.py
