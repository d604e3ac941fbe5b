"""annalsdb: an embedded store of user-item interactions.

What users did to items (who, what, when, how, in which context, and what else was on the screen), in the
host's own process. It answers two questions: what did this user do last and which of these candidates has
the user not seen yet, at request time; and everything in user and time order, as columns, for training.

>>> import annalsdb, tempfile
>>> folder = tempfile.mkdtemp() + "/store"
>>> store = annalsdb.create(folder, annalsdb.schema(EVENT_TYPE="string"))
>>> store.write({"USER_ID": "ada", "ITEM_ID": "tea", "TIMESTAMP": 60, "EVENT_TYPE": "view"})
1
>>> store.history("ada", limit=10).to_dicts()
[{'ITEM_ID': 'tea', 'TIMESTAMP': 60, 'EVENT_TYPE': 'view'}]
>>> store.unseen("ada", ["tea", "cake"]).to_list()
[False, True]
>>> store.close()
"""

from __future__ import annotations

from ._annalsdb import (
    Attributes,
    Batches,
    Buffer,
    Changes,
    Rows,
    Scan,
    ShardMap,
    Snapshot,
    Store,
    View,
    Vocabulary,
    __version__,
    check_purge,
    create,
    infer_schema,
    lease,
    leases,
    open,
    open_partition,
    open_pin,
    open_reader,
    partitions,
    pin,
    pins,
    purge,
    release_lease,
    stores,
    unpin,
    verify,
)
from ._errors import (
    AlreadyExistsError,
    AnnalsError,
    ClosedError,
    CorruptionError,
    ForkedError,
    InternalError,
    InvalidInputError,
    LockedError,
    NotFoundError,
    PoisonedError,
    StoppedError,
    StoreIOError,
    UnsupportedError,
)
from ._partitions import scan_partition
from ._polars import scan_polars
from ._schema import schema

__all__ = [
    "AlreadyExistsError",
    "AnnalsError",
    "Attributes",
    "Batches",
    "Buffer",
    "Changes",
    "ClosedError",
    "CorruptionError",
    "ForkedError",
    "InternalError",
    "InvalidInputError",
    "LockedError",
    "NotFoundError",
    "PoisonedError",
    "Rows",
    "Scan",
    "ShardMap",
    "Snapshot",
    "StoppedError",
    "Store",
    "StoreIOError",
    "UnsupportedError",
    "View",
    "Vocabulary",
    "__version__",
    "check_purge",
    "create",
    "infer_schema",
    "lease",
    "leases",
    "open",
    "open_partition",
    "open_pin",
    "open_reader",
    "partitions",
    "pin",
    "pins",
    "purge",
    "release_lease",
    "scan_partition",
    "scan_polars",
    "schema",
    "stores",
    "unpin",
    "verify",
]
