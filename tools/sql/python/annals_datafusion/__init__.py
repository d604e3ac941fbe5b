"""The tables of annals, an embedded store of user-item interactions, for datafusion-python.

>>> import annals_datafusion
>>> from datafusion import SessionContext
>>> store = annals_datafusion.Store("store")
>>> context = SessionContext(annals_datafusion.config())
>>> context.register_table("interactions", store.interactions())
>>> context.sql("SELECT count(*) FROM interactions").show()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._annals_datafusion import Store, Table, __version__

if TYPE_CHECKING:
    from datafusion import SessionConfig

__all__ = ["SETTINGS", "Store", "Table", "__version__", "config"]

#: Settings of DataFusion that make use of the order and the partitions of a store: an order that is there is kept, and
#: partitions by user serve what groups by more than the user.
SETTINGS = {
    "datafusion.optimizer.prefer_existing_sort": "true",
    "datafusion.optimizer.subset_repartition_threshold": "1",
}


def config(base: SessionConfig | None = None) -> SessionConfig:
    """A configuration for ``SessionContext`` with :data:`SETTINGS`; that of ``base``, where it is given, else."""
    from datafusion import SessionConfig

    made = SessionConfig() if base is None else base
    for name, value in SETTINGS.items():
        made = made.set(name, value)
    return made
