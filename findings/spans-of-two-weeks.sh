#!/usr/bin/env bash
# Events counted by spans of two or of four weeks were taken to fall into the same spans everywhere, as they do by weeks. In
# polars, DuckDB and pyarrow each span starts on a Monday, and not on the same one: they count from different first weeks.
# pandas floors from a Thursday, also by one week, and groups from the first event there is, so that one event more, before
# the others, moves all spans. Features, splits and counts of one are not those of another. A first day of one's own,
# subtracted before and added after, is the same in all; DuckDB and pandas also take one as `origin`.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1 pandas==2.3.3 polars==2.1.0 pyarrow==25.0.1

cat > spans.py <<'PY'
import datetime

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.compute

day = datetime.datetime(2026, 3, 16, 10)  # a Monday
before = datetime.datetime(2026, 3, 12, 10)


def spans(weeks):
    """The first day of the span that the event of the 16th falls into."""
    grouped = pandas.Series(1, index=pandas.to_datetime([day])).groupby(pandas.Grouper(freq=f"{7 * weeks}D")).sum()
    more = pandas.Series(1, index=pandas.to_datetime([before, day])).groupby(pandas.Grouper(freq=f"{7 * weeks}D")).sum()
    found = {
        "polars": polars.Series([day]).dt.truncate(f"{weeks}w")[0],
        "duckdb": duckdb.execute(f"SELECT time_bucket(INTERVAL {7 * weeks} DAYS, ?::TIMESTAMP)", [day]).fetchone()[0],
        "pyarrow": pyarrow.compute.floor_temporal(pyarrow.scalar(day), multiple=weeks, unit="week").as_py(),
        "pandas, floor": pandas.Timestamp(day).floor(f"{7 * weeks}D"),
        "pandas, groups": grouped.index[-1],
        "pandas, groups, an event of the 12th before": more.index[-1],
    }
    return {name: f"{start:%a %m-%d}" for name, start in found.items()}


print("duckdb", duckdb.__version__, "pandas", pandas.__version__, end=" ")
print("polars", polars.__version__, "pyarrow", pyarrow.__version__)
found = {weeks: spans(weeks) for weeks in (1, 2, 4)}
for weeks, starts in found.items():
    print(f"spans of {weeks} weeks, the one with {day:%a %m-%d}:")
    for name, start in starts.items():
        print(f"  {name}: from {start}")
names = list(found[1])
expected = {
    1: ["Mon 03-16", "Mon 03-16", "Mon 03-16", "Thu 03-12", "Mon 03-16", "Thu 03-12"],
    2: ["Mon 03-16", "Mon 03-09", "Mon 03-09", "Thu 03-12", "Mon 03-16", "Thu 03-12"],
    4: ["Mon 03-16", "Mon 02-23", "Mon 03-09", "Thu 03-12", "Mon 03-16", "Thu 03-12"],
}
assert found == {weeks: dict(zip(names, starts)) for weeks, starts in expected.items()}, "this has changed"
PY
venv/bin/python spans.py
