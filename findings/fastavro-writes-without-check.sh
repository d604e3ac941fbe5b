#!/usr/bin/env bash
# A writer of Avro was taken to refuse values that are not of the schema's type. fastavro's writes many of them as
# something else: the text "false" is true, a fraction is cut off, text in a list of strings is taken letter by letter,
# a float that is too large is infinite, and an int of more than 32 bits stands in the file, where polars then reads 0.
# A field that the schema does not have is dropped. validator=True refuses all but the large float; strict=True the
# field.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check fastavro==1.13.1 polars==2.1.0

cat > unchecked.py <<'PY'
import io

import fastavro
import polars

CASES = {
    "boolean": ("boolean", "false"),
    "long": ("long", 1.9),
    "float, text": ("float", "1.5"),
    "float, large": ("float", 1e40),
    "list": ({"type": "array", "items": "string"}, "tea"),
    "int": ("int", 2**40),
}


def written(kind, record, **options):
    fields = [{"name": "x", "type": kind}]
    schema = fastavro.parse_schema({"type": "record", "name": "Interactions", "fields": fields})
    file = io.BytesIO()
    fastavro.writer(file, schema, [record], **options)
    file.seek(0)
    return file


def outcome(read):
    try:
        read()
        return "taken"
    except Exception as error:
        return type(error).__name__


print("fastavro", fastavro.__version__, "polars", polars.__version__)
found = {}
for name, (kind, value) in CASES.items():
    read = list(fastavro.reader(written(kind, {"x": value})))[0]["x"]
    checked = outcome(lambda: written(kind, {"x": value}, validator=True))
    found[name] = (read, checked)
    print(f"{name}: {value!r} -> {read!r}; with validator=True: {checked}")
extra = list(fastavro.reader(written("long", {"x": 1, "y": 2})))[0]
strict = outcome(lambda: written("long", {"x": 1, "y": 2}, strict=True))
print(f"a field y that the schema does not have: {extra}; with strict=True: {strict}")
other = polars.read_avro(written("int", {"x": 2**40}))["x"].to_list()
print(f"the int of 41 bits, read by polars: {other}")
assert found == {
    "boolean": (True, "ValidationError"),
    "long": (1, "ValidationError"),
    "float, text": (1.5, "ValidationError"),
    "float, large": (float("inf"), "taken"),
    "list": (["t", "e", "a"], "ValidationError"),
    "int": (2**40, "ValidationError"),
}, "this has changed"
assert (extra, strict, other) == ({"x": 1}, "ValueError", [0]), "this has changed"
PY
venv/bin/python unchecked.py
