#!/usr/bin/env bash
# A scan for string views was taken to need one setting. DuckDB takes `SET produce_arrow_string_view = true`, shows it as
# true, and goes on giving plain strings, without a word, until `arrow_output_version` is 1.4 or higher; its default is 1.0.
# Whoever compares the two forms by that setting alone compares plain strings with themselves.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.0 pyarrow==26.0.1

cat > views.py <<'PY'
import duckdb

db = duckdb.connect()
print("duckdb", duckdb.__version__)


def type_of_text():
    return str(db.sql("SELECT 'i-0001' AS item").to_arrow_reader(10).schema.field("item").type)


def setting(name):
    return db.execute(f"SELECT current_setting('{name}')").fetchall()[0][0]


found = [("default", setting("arrow_output_version"), type_of_text())]
db.execute("SET produce_arrow_string_view = true")
found.append(("views asked for", setting("produce_arrow_string_view"), type_of_text()))
db.execute("SET arrow_output_version = '1.4'")
found.append(("and version 1.4", setting("produce_arrow_string_view"), type_of_text()))
for step in found:
    print(*step)
assert found == [
    ("default", "1.0", "string"),
    ("views asked for", True, "string"),
    ("and version 1.4", True, "string_view"),
], "this has changed"
PY
venv/bin/python views.py
