"""What the CSV of an export says, and how it is compared with what a library reads. Needs the standard library alone."""
import csv
import glob
import json
import math
import struct
import sys


def float32(value):
    """The double that a 32-bit float is."""
    return struct.unpack("f", struct.pack("f", value))[0]


def parsed(text, kind, nullable):
    """A cell of a CSV export, by the type of its column in the manifest."""
    if text == "" and nullable:
        return None
    if kind.startswith("list<"):
        items = json.loads(text) if text.startswith("[") else text.split("|")
        return [None if item is None else converted(item, kind[5:-1]) for item in items]
    return converted(text, kind)


def converted(value, kind):
    if kind == "string":
        return value
    if kind == "bool":
        return {"true": True, "false": False}[value]
    return float32(float(value)) if kind == "float32" else float(value) if kind == "float64" else int(value)


def of_csv(pattern, manifest):
    """The columns of CSV files as lists of values, and their types: strings, ints, floats, bools, lists, None."""
    declared = json.load(open(manifest, encoding="utf-8"))["columns"]
    columns = {column["name"]: [] for column in declared}
    for path in sorted(glob.glob(pattern)):
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                assert list(row) == list(columns), (path, list(row))
                for column in declared:
                    value = parsed(row[column["name"]], column["type"], column["nullable"])
                    columns[column["name"]].append(value)
    return columns, {column["name"]: column["type"] for column in declared}


def of_layout(layout):
    return of_csv(f"{layout}.csv", f"{layout}.csv.manifest.json")


def total(values):
    """The sum of numbers, in lists too, None where there are none."""
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    numbers = [item for item in flat if isinstance(item, (int, float))]
    return math.fsum(numbers) if numbers else None


def facts(columns):
    """Counts, nulls, sums and lengths of lists: what a library's own aggregates have to say, too."""
    told = {"rows": len(next(iter(columns.values())))}
    for name, values in columns.items():
        told[f"nulls of {name}"] = sum(value is None for value in values)
        told[f"sum of {name}"] = total(values)
        told[f"list items of {name}"] = sum(len(value) for value in values if isinstance(value, list))
    return told


def aggregates(columns):
    """What each library is asked to count by itself, over rows."""
    shown = columns["IMPRESSION"]
    return {
        "rows": len(columns["USER_ID"]),
        "users": len(set(columns["USER_ID"])),
        "times": sum(columns["TIMESTAMP"]),
        "views": sum(kind == "view" for kind in columns["EVENT_TYPE"]),
        "devices": sum(device is not None for device in columns["DEVICE"]),
        "shown": sum(len(items) for items in shown if items is not None),
    }


def plain(value):
    """A value without the types of numpy; not a number is null, since no export holds one."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def refuse(what, why):
    sys.exit(f"{what}: {why}")


def compare_values(what, found, want):
    """Ends the program where two dicts of scalars differ."""
    differ = {key: (found.get(key), want[key]) for key in want if found.get(key) != want[key]}
    if differ:
        refuse(what, f"found and expected differ: {differ}")


def compare(what, found, want, ordered=True):
    """Ends the program unless both have the same columns and rows. Prints that they are equal."""
    if list(found) != list(want):
        refuse(what, f"columns are {list(found)}, expected {list(want)}")
    found = {name: [plain(value) for value in values] for name, values in found.items()}
    compare_values(what, facts(found), facts(want))
    rows, wanted = list(zip(*found.values())), list(zip(*want.values()))
    if not ordered:
        rows, wanted = sorted(rows, key=repr), sorted(wanted, key=repr)
    for at, (row, expected) in enumerate(zip(rows, wanted)):
        if row != expected:
            refuse(what, f"row {at} is {row}, expected {expected}")
    print(f"{what}: equal")


def compare_types(what, found, kinds, names):
    """Ends the program unless each column has the library's type: names maps those of the manifest to them."""
    compare_values(f"{what}, types", found, {column: names[kind] for column, kind in kinds.items()})


def refused(what, error, call):
    """Ends the program unless the call fails as docs/exports.md says: by an error with this text."""
    try:
        call()
    except Exception as raised:
        text = f"{type(raised).__name__}: {raised}"
        if error not in text:
            raise
        print(f"{what}: refused as documented: {' '.join(text.split())[:120]}")
        return
    refuse(what, f"was to fail with {error!r} and did not: mend docs/exports.md")
