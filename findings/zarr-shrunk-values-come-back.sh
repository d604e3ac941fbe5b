#!/usr/bin/env bash
# An array that is made shorter and then longer again was taken to be empty where it had been cut, as in HDF5. In Zarr
# the values of the last chunk that was kept in part come back, since a resize drops whole chunks alone. Rows that were
# deleted by cutting them off are read as rows again once others are appended past them.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check zarr==3.1.6 h5py==3.16.0 numpy==2.4.6

cat > resize.py <<'PY'
import h5py
import numpy
import zarr

ITEMS = numpy.arange(1, 11)


def resized(array):
    array.resize((5,))
    array.resize((10,))
    return array[:].tolist()


print("zarr", zarr.__version__, "h5py", h5py.__version__, "hdf5", h5py.version.hdf5_version)
store = zarr.create_array("items.zarr", shape=(10,), chunks=(4,), dtype="i8", fill_value=0)
store[:] = ITEMS
found = {"zarr": resized(store)}
with h5py.File("items.h5", "w") as file:
    dataset = file.create_dataset("items", data=ITEMS, chunks=(4,), maxshape=(None,), fillvalue=0)
    found["hdf5"] = resized(dataset)
for format, values in found.items():
    print(f"{format}: {ITEMS.tolist()} in chunks of 4, resized to 5 and to 10: {values}")
assert found == {
    "zarr": [1, 2, 3, 4, 5, 6, 7, 8, 0, 0],
    "hdf5": [1, 2, 3, 4, 5, 0, 0, 0, 0, 0],
}, "this has changed"
PY
venv/bin/python resize.py
