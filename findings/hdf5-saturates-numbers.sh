#!/usr/bin/env bash
# Numbers that do not fit the type of a dataset were taken to be refused, or to wrap as numpy's do. HDF5 takes the
# nearest number that fits: all ids above the range become one id, and all below it another. h5py refuses only numbers
# of Python itself. Text that is longer than a fixed width is cut, so that two ids may become one, too.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check h5py==3.16.0 numpy==2.4.6

cat > saturate.py <<'PY'
import h5py
import numpy

print("h5py", h5py.__version__, "hdf5", h5py.version.hdf5_version, "numpy", numpy.__version__)
found = {}
with h5py.File("ids.h5", "w") as file:
    for name, kind, values in (
        ("int32", "i4", numpy.array([2**31, 2**40, -(2**40)])),
        ("uint32", "u4", numpy.array([-1, -7, 2**33])),
    ):
        dataset = file.create_dataset(name, (3,), dtype=kind)
        dataset[:] = values
        found[name] = dataset[:].tolist()
        print(f"{name}: {values.tolist()} -> {found[name]}; numpy: {values.astype(kind).tolist()}")
    try:
        file["int32"][0] = 2**40
        found["a number of Python"] = "taken"
    except OverflowError:
        found["a number of Python"] = "OverflowError"
    print("a number of Python:", found["a number of Python"])
    text = file.create_dataset("text", (2,), dtype=h5py.string_dtype("utf-8", 6))
    text[:] = ["user-10", "user-11"]
    found["text"] = [value.decode() for value in text[:]]
    print("user-10 and user-11 in 6 bytes:", found["text"])
assert found == {
    "int32": [2**31 - 1, 2**31 - 1, -(2**31)],
    "uint32": [0, 0, 2**32 - 1],
    "a number of Python": "OverflowError",
    "text": ["user-1", "user-1"],
}, "this has changed"
PY
venv/bin/python saturate.py
