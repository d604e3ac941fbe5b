#!/usr/bin/env bash
# What a user did last before a moment is an as-of join. Where several events have the newest second before the moment,
# the join was taken to give the one that stands last. pandas and polars do; DuckDB gives the first. And all three take
# an event of the very second of the moment for one before it, which shows a model the thing it has to foretell, unless
# that is said otherwise (allow_exact_matches=False, or > in place of >=).
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1

cat > asof.py <<'PY'
import warnings

import duckdb
import pandas
import polars

warnings.simplefilter("ignore")
events = pandas.DataFrame(
    {"user": ["ann"] * 4, "time": [50, 50, 50, 60], "item": ["first", "second", "third", "target"]}
)
moment = pandas.DataFrame({"user": ["ann"], "time": [60]})


def by_pandas(exact):
    return pandas.merge_asof(moment, events, on="time", by="user", allow_exact_matches=exact)["item"].iloc[0]


def by_polars(exact):
    left, right = polars.from_pandas(moment), polars.from_pandas(events)
    return left.join_asof(right, on="time", by="user", allow_exact_matches=exact)["item"][0]


def by_duckdb(exact):
    sign = ">=" if exact else ">"
    query = f"SELECT item FROM moment ASOF JOIN events ON moment.user = events.user AND moment.time {sign} events.time"
    return duckdb.sql(query).fetchall()[0][0]


print("pandas", pandas.__version__, "polars", polars.__version__, "duckdb", duckdb.__version__)
found = {}
for join in (by_pandas, by_polars, by_duckdb):
    found[join.__name__] = (join(True), join(False))
    print(f"{join.__name__}: {found[join.__name__][0]} at the moment, {found[join.__name__][1]} before it")
assert found == {
    "by_pandas": ("target", "third"),
    "by_polars": ("target", "third"),
    "by_duckdb": ("target", "first"),
}, "this has changed"
PY
venv/bin/python asof.py
