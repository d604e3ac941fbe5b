#!/usr/bin/env bash
# A nullable boolean in pages of version 2, which any reader of Parquet was taken to know, is a ValueError about an
# assignment in fastparquet; in pages of version 1 it is right, and so is a boolean without nulls. Other types are read
# from both versions. Timestamps in UTC come back without their zone.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fastparquet==2026.9.0 pandas==3.1.1 pyarrow==26.0.1

cat > pages.py <<'PY'
from importlib.metadata import version

import fastparquet
import pyarrow
import pyarrow.parquet

COLUMNS = {
    "booleans": [True, False, True],
    "nullable booleans": [True, None, False],
    "nullable numbers": [1, None, 3],
    "nullable text": ["tv", None, "phone"],
}
zoned = pyarrow.array([1, 2], pyarrow.timestamp("us", "UTC"))

print("fastparquet", version("fastparquet"), "pyarrow", pyarrow.__version__)
found = {}
for pages in ("1.0", "2.0"):
    for name, values in COLUMNS.items():
        pyarrow.parquet.write_table(pyarrow.table({"x": values}), "x.parquet", data_page_version=pages)
        assert pyarrow.parquet.read_table("x.parquet")["x"].to_pylist() == values
        try:
            column = fastparquet.ParquetFile("x.parquet").to_pandas()["x"]
            found[pages, name] = [None if missing else value for value, missing in zip(column, column.isna())] == values
        except Exception as error:
            found[pages, name] = f"{type(error).__name__}: {error}"
        print(f"pages of version {pages}: {name}: {found[pages, name]}")
pyarrow.parquet.write_table(pyarrow.table({"x": zoned}), "zoned.parquet")
zone = fastparquet.ParquetFile("zoned.parquet").to_pandas()["x"].dt.tz
print("zone of timestamps in UTC:", zone)
failed = found.pop(("2.0", "nullable booleans"))
assert str(failed).startswith("ValueError: NumPy boolean array indexing assignment"), "this has changed"
assert all(right is True for right in found.values()), "this has changed"
assert zone is None, "this has changed"
PY
venv/bin/python pages.py
